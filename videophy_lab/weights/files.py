"""Single small files of weights, which no hub has: fetched once from their published address and checked."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from videophy_lab.weights.layout import WeightsError

FOLDER_VARIABLE = "VIDEOPHY_LAB_WEIGHTS"
TRIES, FIRST_WAIT_S, TIMEOUTS_S = 3, 1.0, (10, 30)
BUSY = (408, 429, 500, 502, 503, 504)
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class WeightFile:
    """A file of weights at a fixed address.

    Attributes
    ----------
    name : str
        Name of the file on this machine.
    url : str
        Address that holds its version, so that what lies there does not change.
    sha256 : str
        Of its bytes.
    size : int
        Bytes; no more are ever read from the address.
    option : str
        The scorer's option that takes a file in its place, which messages name.
    """

    name: str
    url: str
    sha256: str
    size: int
    option: str


class BusyError(Exception):
    """A server asks to be left alone for a while."""


def find_cache() -> Path:
    """Give the folder for such files: ``VIDEOPHY_LAB_WEIGHTS``, or one in the user's cache folder."""
    if os.environ.get(FOLDER_VARIABLE):
        return Path(os.environ[FOLDER_VARIABLE]).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "videophy_lab" / "weights"


def hash_bytes(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find_local_file(wanted: WeightFile, given: str = "") -> Path | None:
    """Give the file where it is on this machine, else None; uses no network.

    Parameters
    ----------
    given : str
        The user's own file, which is taken as it is; empty for the published one, which is there when its
        checksum is right.

    Raises
    ------
    WeightsError
        The user's file is not there.
    """
    if given:
        path = Path(given).expanduser()
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise WeightsError(
                f"the file {given!r} {what}. Remedy: give {wanted.option} a file such as {wanted.name}, or "
                f"leave it out: the published one is then fetched once from {wanted.url}"
            )
        return path
    path = find_cache() / wanted.name
    return path if path.is_file() and hash_bytes(path) == wanted.sha256 else None


def describe_absent_file(wanted: WeightFile, given: str = "") -> str:
    """Say which file a run would have to fetch, and how large it is; empty when it is here."""
    if find_local_file(wanted, given) is not None:
        return ""
    return f"the file {wanted.name}, {wanted.size / 1e3:.0f} kB, from {wanted.url}"


def resolve_file(wanted: WeightFile, given: str = "") -> Path:
    """Give a file of weights, fetching it where it is not on this machine.

    Parameters
    ----------
    wanted : WeightFile
    given : str
        The user's own file instead, which is taken as it is.

    Raises
    ------
    WeightsError
        The user's file is not there; no network, no room, or other bytes than the published ones.
    """
    local = find_local_file(wanted, given)
    if local is not None:
        return local
    path = find_cache() / wanted.name
    sys.stderr.write(f"fetching {wanted.name}, {wanted.size / 1e3:.0f} kB, from {wanted.url}\n")
    try:
        store_bytes(fetch_bytes(wanted), path)
    except (OSError, BusyError) as error:  # what requests raises is an OSError too
        raise WeightsError(explain_failure(wanted, error)) from error
    sys.stderr.write(f"it is in {path}\n")
    return path


def fetch_bytes(wanted: WeightFile) -> bytes:
    """Fetch a file and check it; a failure that may pass is tried again, after 1 and 2 seconds."""
    from requests import ConnectionError, Timeout
    from requests.exceptions import ChunkedEncodingError

    for trial in range(TRIES - 1):
        try:
            return read_address(wanted)
        except (ConnectionError, Timeout, ChunkedEncodingError, BusyError):
            time.sleep(FIRST_WAIT_S * 2**trial)
    return read_address(wanted)


def read_address(wanted: WeightFile) -> bytes:
    """Read a file from its address, no further than its size, and check its bytes."""
    import requests

    found = bytearray()
    with requests.get(wanted.url, stream=True, timeout=TIMEOUTS_S) as response:
        if response.status_code in BUSY:
            raise BusyError(f"the server answers {response.status_code} {response.reason}")
        response.raise_for_status()
        for block in response.iter_content(BLOCK_BYTES):
            found += block
            if len(found) > wanted.size:
                break
    if hashlib.sha256(found).hexdigest() != wanted.sha256:
        size = f"more than {wanted.size}" if len(found) > wanted.size else str(len(found))
        raise WeightsError(
            f"what {wanted.url} gives ({size} bytes) is not {wanted.name}: its SHA-256 is not "
            f"{wanted.sha256}. Remedy: see in a browser what is there, for example a page that asks for a "
            f"login. {by_hand(wanted)}"
        )
    return bytes(found)


def store_bytes(found: bytes, path: Path) -> None:
    """Write a file; another process sees the whole of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(found)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def by_hand(wanted: WeightFile) -> str:
    """Say how to do without fetching."""
    return (
        f"Or, on a machine with a network, type\n  curl -fL -o {wanted.name} {wanted.url}\n"
        f"and give that file as --option {wanted.option}=FILE, or put it into {find_cache()}"
    )


def explain_failure(wanted: WeightFile, error: Exception) -> str:
    """Say why a file could not be fetched, and what to type."""
    from requests import RequestException

    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if isinstance(error, (RequestException, BusyError)):
        remedy = "check the network and try again"
    else:
        remedy = f"make {find_cache()} writable, or set {FOLDER_VARIABLE} to a folder that is"
    what = f"{wanted.name} could not be fetched from {wanted.url} ({reason})"
    return f"{what}. Remedy: {remedy}. {by_hand(wanted)}"
