"""Fetch official files from the Hugging Face hub, at a pinned revision and with a checksum."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from videophy_lab.places import find_data_folder, hash_file
from videophy_lab.schema import TableError


@dataclass(frozen=True)
class HubFile:
    """A file of a dataset on the hub; without a revision or checksum the first download records them."""

    repository: str
    name: str
    revision: str | None = None
    sha256: str | None = None


HUB_FILES = {
    ("videophy2", "test"): HubFile(
        "videophysics/videophy2_test",
        "videophy2_test.csv",
        "90b81ffa54f565d9e40e83b7a2c247ba1dccfa2b",
        "85a6690b9508b7e69c592f3cbcbc4113efd3a573eb5ec69d6ae030a8ffb8a4e7",
    ),
    ("videophy2", "train"): HubFile(
        "videophysics/videophy2_train",
        "videophy2_training.csv",
        "5c2a69593b39d28a77ef2b9dbf7acbd2b9f38f6c",
        "076a03584da28a0622aa9f3bdad71f52c3d8afef2025d34f7ecd9e4ef081a42c",
    ),
    ("videophy1", "test"): HubFile("videophysics/videophy_test_public", "videophy_test_public.csv"),
    ("upsampled", "test"): HubFile("videophysics/videophy2_upsampled_prompts", "prompt-upsampled-test.csv"),
    ("upsampled", "train"): HubFile("videophysics/videophy2_upsampled_prompts", "prompt-upsampled-train.csv"),
}
LOCK = "hub.lock.json"


def find_cache() -> Path:
    """Find the folder for downloads: ``data/cache`` in a checkout, else the user's cache folder."""
    data = find_data_folder()
    if data.name == "data":
        return data / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "videophy_lab"


def read_lock(cache: Path) -> dict[str, dict[str, str]]:
    """Read what earlier downloads recorded."""
    path = cache / LOCK
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_lock(cache: Path, lock: dict[str, dict[str, str]]) -> None:
    """Record revisions and checksums; a reader never sees half a file."""
    cache.mkdir(parents=True, exist_ok=True)
    partial = cache / f".{LOCK}.{os.getpid()}.partial"
    partial.write_text(json.dumps(lock, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(cache / LOCK)


def download_file(wanted: HubFile, revision: str, cache: Path, endpoint: str | None) -> Path:
    """Download a file through huggingface_hub, or take it from the cache.

    Raises
    ------
    ConnectionError
        The hub cannot be reached, or has no such file; the message says what to type.
    """
    from huggingface_hub import hf_hub_download

    try:
        path = hf_hub_download(
            wanted.repository,
            wanted.name,
            repo_type="dataset",
            revision=revision,
            cache_dir=cache / "hub",
            endpoint=endpoint,
        )
    except Exception as error:  # the HTTP library below huggingface_hub, and so its errors, differ by version
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConnectionError(
            f"{wanted.repository}/{wanted.name} could not be fetched: {reason}. Remedy: check the network "
            "(and unset HF_HUB_OFFLINE) and try again; or, on a machine with a network, type\n"
            f"  hf download {wanted.repository} {wanted.name} --repo-type dataset --revision {revision} "
            "--local-dir official\nand give the folder 'official' as the source"
        ) from error
    return Path(path)


def check_checksum(path: Path, expected: str, lock_path: Path) -> None:
    """Check a file against its recorded SHA-256."""
    found = hash_file(path)
    if found != expected:
        raise TableError(
            f"{path}: the SHA-256 is {found}, expected is {expected}. Remedy: delete the file and load "
            f"again; if the dataset was changed on purpose, delete its entry in {lock_path}."
        )


def fetch_file(wanted: HubFile, *, endpoint: str | None = None, cache: Path | None = None) -> Path:
    """Fetch a file and check it.

    Parameters
    ----------
    wanted : HubFile
    endpoint : str, optional
        Address of the hub or a mirror; huggingface_hub's own (``HF_ENDPOINT``) when not given.
    cache : Path, optional
        Folder for downloads and for ``hub.lock.json``, which keeps the revision and checksum of a file that
        has none pinned; :func:`find_cache` when not given.

    Returns
    -------
    Path
        The file in the cache; do not write to it.
    """
    cache = cache or find_cache()
    lock = read_lock(cache)
    key = f"{wanted.repository}/{wanted.name}"
    recorded = lock.get(key, {})
    path = download_file(wanted, wanted.revision or recorded.get("revision", "main"), cache, endpoint)
    expected = wanted.sha256 or recorded.get("sha256")
    if expected:
        check_checksum(path, expected, cache / LOCK)
    else:
        # the cache lies in …/snapshots/COMMIT/name
        commit = path.parents[len(Path(wanted.name).parts) - 1].name
        write_lock(cache, lock | {key: {"revision": commit, "sha256": hash_file(path)}})
    return path


def fetch_dataset(
    name: str, *, split: str = "test", endpoint: str | None = None, cache: Path | None = None
) -> Path:
    """Fetch the official file of a dataset's split.

    Raises
    ------
    TableError
        No such dataset or split; the allowed ones are named.
    """
    if (name, split) not in HUB_FILES:
        known = ", ".join(f"hub:{known} ({part})" for known, part in HUB_FILES)
        raise TableError(f"hub:{name} has no split {split!r}. Allowed: {known}.")
    return fetch_file(HUB_FILES[name, split], endpoint=endpoint, cache=cache)
