"""The folder of made videos: for each a file, and a side-car that tells how it was made.

``generator/prompt_id/seed.mp4`` is there only when it is whole, and only after its side-car ``seed.json``: a
process may be killed at any moment, and what lacks one of the two was not made.
"""

from __future__ import annotations

import json
import math
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from videophy_lab.generators.base import Made, Order
from videophy_lab.places import hash_if_readable
from videophy_lab.video import VideoError, VideoInfo, encode_video, probe_video
from videophy_lab.video_store.files import DRAFT, name_safely, write_whole

MARK, DESK = "generated.json", ".jobs"
FORMAT = 1
MADE, FAILED = "ok", "failed"
# a draft so old belongs to a process that was killed
OLD_SECONDS = 24 * 3600.0


class VideoStore:
    """Made videos in a folder.

    Parameters
    ----------
    folder : path
        Made when the first video is kept.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def find_desk(self, generator: str) -> Path:
        """Give the folder in which a generator keeps what must outlive a crash."""
        return self.folder / DESK / name_safely(generator)

    def find_sidecar(self, generator: str, order: Order) -> Path:
        """Give the place of a video's side-car, whether it is there or not."""
        return self.folder / name_safely(generator) / name_safely(order.prompt_id) / f"{order.seed}.json"

    def read_record(self, generator: str, order: Order) -> dict[str, Any] | None:
        """Give what is known of a video that is whole and as it was made, or that failed; else None."""
        sidecar = self.find_sidecar(generator, order)
        record = read_sidecar(sidecar)
        if record is None or record["status"] == FAILED:
            return record
        return record if hash_if_readable(sidecar.parent / record["file"]) == record["sha256"] else None

    def keep(
        self,
        generator: str,
        order: Order,
        made: Made,
        *,
        description: Mapping[str, Any],
        versions: Mapping[str, Any],
        seconds: float,
    ) -> dict[str, Any]:
        """Write a video with its side-car, or the side-car of one that could not be made.

        Parameters
        ----------
        generator : str
            The name that it goes by.
        order : Order
        made : Made
        description : mapping
            What the generator says of itself.
        versions : mapping
            Of the libraries that had a part in it.
        seconds : float

        Returns
        -------
        dict
            What the side-car says.

        Raises
        ------
        OSError
            The folder cannot be written to, or is full.
        """
        sidecar = self.find_sidecar(generator, order)
        sidecar.parent.mkdir(parents=True, exist_ok=True)
        if not is_video_store(self.folder):
            write_whole(self.folder / MARK, dump_record({"format": FORMAT}))
        record = describe_video(generator, order, made, description=description, versions=versions)
        record["seconds"] = round(seconds if math.isnan(made.seconds) else made.seconds, 3)
        if made.error:
            write_whole(sidecar, dump_record(record))
            return record
        suffix = ".mp4" if made.frames is not None else made.suffix
        draft = sidecar.with_name(f".{order.seed}.{uuid.uuid4().hex}{DRAFT}{suffix}")
        try:
            record |= {"file": f"{order.seed}{suffix}", **describe_file(write_video(made, draft))}
            for ending, data in made.files.items():
                write_whole(sidecar.with_name(f"{order.seed}.{ending}"), data)
            # the side-car before the video: a video without one would not be known to be whole
            write_whole(sidecar, dump_record(record))
            os.replace(draft, sidecar.parent / record["file"])
        except VideoError as error:
            if made.frames is not None and isinstance(error.__cause__, OSError):
                raise error.__cause__ from error
            reason = str(error).replace(str(draft), "the file that was made")
            record |= {"status": FAILED, "error": reason}
            write_whole(sidecar, dump_record(record))
        finally:
            draft.unlink(missing_ok=True)
        return record

    def iterate_records(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Give each side-car that counts, with its place: of a video that is there, or of one that failed."""
        for sidecar in sorted(self.folder.glob("*/*/*.json")):
            record = read_sidecar(sidecar)
            if record and (record["status"] == FAILED or (sidecar.parent / record["file"]).is_file()):
                yield sidecar, record

    def sweep(self) -> None:
        """Remove drafts that processes left behind when they were killed long ago."""
        for draft in self.folder.glob(f"*/*/.*{DRAFT}*"):
            if time.time() - draft.stat().st_mtime > OLD_SECONDS:
                draft.unlink(missing_ok=True)


def is_video_store(folder: str | Path) -> bool:
    """Tell whether a folder holds videos that were made here."""
    return (Path(folder) / MARK).is_file()


def describe_video(
    generator: str, order: Order, made: Made, *, description: Mapping[str, Any], versions: Mapping[str, Any]
) -> dict[str, Any]:
    """Put together what a side-car says of an order and of what was made of it."""
    return {
        "video_id": order.video_id,
        "prompt_id": order.prompt_id,
        "generator": generator,
        "seed": order.seed,
        "status": FAILED if made.error else MADE,
        "error": made.error,
        "caption": order.caption,
        "upsampled_caption": order.upsampled,
        "text": made.text,
        "tokens": made.tokens,
        "truncated_tokens": made.truncated,
        "description": dict(description),
        "settings": dict(made.settings),
        "facts": {**order.facts, **made.facts},
        "rules": [vars(truth) for truth in made.rules],
        "ratings": dict(made.ratings),
        "cost": None if math.isnan(made.cost) else made.cost,
        "versions": dict(versions),
    }


def describe_file(info: VideoInfo) -> dict[str, Any]:
    """Put together what a side-car says of the file."""
    return {
        "sha256": hash_if_readable(info.path),
        "bytes": info.path.stat().st_size,
        "frames": info.frames,
        "width": info.width,
        "height": info.height,
        "fps": None if math.isnan(info.fps) else info.fps,
    }


def write_video(made: Made, draft: Path) -> VideoInfo:
    """Write frames or a finished file, and look at what was written.

    Raises
    ------
    VideoError
        It is no whole video.
    """
    if made.frames is not None:
        encode_video(made.frames, draft, fps=made.fps)
    else:
        write_whole(draft, made.data)
    return probe_video(draft)


def dump_record(record: Mapping[str, Any]) -> bytes:
    """Write a side-car's text; numbers of NumPy are numbers, and what is no JSON is its text."""
    text = json.dumps(record, indent=1, ensure_ascii=False, default=simplify)
    return f"{text}\n".encode("utf-8", "replace")


def simplify(value: Any) -> Any:
    """Give a number or a list for one of NumPy's, the text of anything else."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def read_sidecar(sidecar: Path) -> dict[str, Any] | None:
    """Read a side-car; None for what is not there, or is none of ours."""
    try:
        record = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and {"video_id", "status"} <= set(record) else None
