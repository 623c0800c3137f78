"""Download the videos of a table: in parallel, with retries, and with dead links as rows."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from videophy_lab.places import hash_file
from videophy_lab.schema import TableError, check_table

if TYPE_CHECKING:
    import pandas as pd
    import requests

RETRY_STATUSES = (408, 425, 429, 500, 502, 503, 504)
CHUNK = 1 << 16
# what may stand in a path as it is; everything else, such as ’ and —, is percent-encoded
SAFE_IN_PATH = "/%:@!$&'()*+,;=~"


class DeadLinkError(Exception):
    """A URL that gives no video; the message says why."""


def encode_url(url: str) -> str:
    """Percent-encode what may not stand in a URL, and leave what is encoded already."""
    parts = urlsplit(url)
    path = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", parts.path)
    query = quote(parts.query, safe="=&%+/:;,?@")
    return urlunsplit((parts.scheme, parts.netloc, quote(path, safe=SAFE_IN_PATH), query, ""))


def make_file_name(generator: str, prompt_id: str, seed: object) -> str:
    """Make ``generator/prompt_id/seed.mp4`` of characters that every file system takes."""
    parts = [re.sub(r"[^\w.-]+", "_", str(part)).strip("._") or "_" for part in (generator, prompt_id, seed)]
    return "/".join(parts) + ".mp4"


def name_files(videos: pd.DataFrame) -> list[str]:
    """Name the files of all videos; two videos with one file name would overwrite each other: an error."""
    seeds = videos["seed"].fillna(0) if "seed" in videos.columns else [0] * len(videos)
    names = [
        make_file_name(*part) for part in zip(videos["generator"], videos["prompt_id"], seeds, strict=True)
    ]
    seen: dict[str, int] = {}
    for row, name in enumerate(names):
        first = seen.setdefault(name.casefold(), row)
        if first != row:
            raise TableError(
                f"videos: rows {first + 1} and {row + 1} would both be written to {name}. "
                "Remedy: give them different seeds or generator names."
            )
    return names


def open_session(workers: int, retries: int) -> requests.Session:
    """Open a session that retries with back-off and waits as long as Retry-After says."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    retry = Retry(
        total=retries,
        backoff_factor=0.5,
        status_forcelist=RETRY_STATUSES,
        respect_retry_after_header=True,
        raise_on_status=False,
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry, pool_maxsize=workers))
    return session


def check_answer(response: requests.Response, first: bytes) -> None:
    """Check that an answer is a video and not an error page."""
    if response.status_code != 200:
        raise DeadLinkError(f"HTTP {response.status_code} {response.reason}")
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if not first:
        raise DeadLinkError("the answer is empty")
    if first.lstrip()[:1] == b"<" or kind in ("text/html", "application/xml", "text/xml"):
        raise DeadLinkError(f"the answer is a page, not a video (Content-Type {kind or 'missing'})")


def download_file(session: requests.Session, url: str, target: Path, timeout: float) -> None:
    """Download one file; it appears under its name only when it is whole.

    Raises
    ------
    DeadLinkError
        Not found, an error page, an empty or truncated answer, no answer in time.
    """
    import requests

    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with session.get(encode_url(url), stream=True, timeout=(10, timeout)) as response:
            chunks = response.iter_content(CHUNK)
            first = next(chunks, b"")
            check_answer(response, first)
            with partial.open("wb") as file:
                file.write(first)
                for chunk in chunks:
                    file.write(chunk)
            promised = response.headers.get("Content-Length")
            if (
                promised
                and "Content-Encoding" not in response.headers
                and partial.stat().st_size != int(promised)
            ):
                raise DeadLinkError(f"{partial.stat().st_size} of {promised} bytes arrived")
        partial.replace(target)
    except (requests.RequestException, ValueError) as error:
        raise DeadLinkError(f"{type(error).__name__}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)


def fetch_video(
    session: requests.Session, url: object, target: Path, expected: object, timeout: float
) -> tuple[str, str | None, str | None]:
    """Fetch one video unless a good file is there: ``(status, sha256, error)``."""
    known = expected if isinstance(expected, str) else None
    try:
        if target.is_file() and target.stat().st_size:
            found = hash_file(target)
            if known in (None, found):
                return "ok", found, None
        if not isinstance(url, str):
            raise DeadLinkError("the table has no url for this video")
        download_file(session, url, target, timeout)
        found = hash_file(target)
        if known not in (None, found):
            target.unlink()
            raise DeadLinkError(f"the SHA-256 is {found}, expected is {known}")
    except (DeadLinkError, OSError) as error:
        return "failed", known, str(error)
    return "ok", found, None


def download_videos(
    videos: pd.DataFrame,
    folder: str | Path,
    *,
    workers: int = 8,
    retries: int = 4,
    timeout: float = 60,
    progress: bool = True,
) -> pd.DataFrame:
    """Download videos to ``folder/generator/prompt_id/seed.mp4``.

    Files that are there already are kept, so an interrupted download goes on where it stopped.

    Parameters
    ----------
    videos : DataFrame
        A videos table with ``url``; where ``sha256`` is known, the file must have it.
    folder : path
    workers : int
        Number of downloads at once.
    retries : int
        How often an answer such as 429 or 503, or a failed connection, is tried again; the wait doubles each
        time, or is what ``Retry-After`` says.
    timeout : float
        Seconds without a byte after which a download is given up.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DataFrame
        The table with ``path`` (blank where failed), ``sha256``, ``status`` (``ok``, ``failed``)
        and ``error``.
    """
    import pandas as pd
    from tqdm import tqdm

    videos = check_table(videos, "videos")
    if "url" not in videos.columns:
        raise TableError("videos: the column url is missing. Remedy: load_videos('hub:videophy2') has it.")
    targets = [Path(folder) / name for name in name_files(videos)]
    expected = videos["sha256"] if "sha256" in videos.columns else [None] * len(videos)
    results: list[tuple[str, str | None, str | None]] = [("failed", None, None)] * len(videos)
    session = open_session(workers, retries)
    with session, ThreadPoolExecutor(workers) as pool, tqdm(total=len(videos), disable=not progress) as bar:
        jobs = zip(videos["url"], targets, expected, strict=True)
        futures = {pool.submit(fetch_video, session, *job, timeout): row for row, job in enumerate(jobs)}
        for future in as_completed(futures):
            results[futures[future]] = future.result()
            bar.update()
    status, sha256, error = (list(part) for part in zip(*results, strict=True)) if results else ([], [], [])
    paths = [str(path) if state == "ok" else None for path, state in zip(targets, status, strict=True)]
    outcome = {"path": paths, "sha256": sha256, "status": status, "error": error}
    for name, values in outcome.items():
        videos[name] = pd.Series(values, dtype="str")
    return check_table(videos, "videos")
