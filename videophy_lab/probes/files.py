"""Probed videos on the disk: ``probe/generator/prompt_id/seed.mp4``, each with a side-car that tells how.

The side-car ``seed.json`` is there before the video, and the video only when it is whole: a process may be
killed at any moment, and what lacks one of the two was not made.
"""

from __future__ import annotations

import math
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videophy_lab.places import hash_if_readable
from videophy_lab.probes.choosing import Part
from videophy_lab.schema import make_video_id
from videophy_lab.video import VideoError, encode_video, probe_video
from videophy_lab.video_store import FAILED, MADE, name_safely, write_whole
from videophy_lab.video_store.files import DRAFT
from videophy_lab.video_store.probed import PROBE_MARK
from videophy_lab.video_store.store import OLD_SECONDS, describe_file, dump_record, read_sidecar

FORMAT = 1


@dataclass(frozen=True)
class Source:
    """A video that is probed.

    Attributes
    ----------
    video_id, prompt_id, generator : str
    seed : int or None
    path : Path
    sha256 : str
        Empty where there is no file.
    """

    video_id: str
    prompt_id: str
    generator: str
    seed: int | None
    path: Path
    sha256: str

    @property
    def place(self) -> Path:
        """Give where its probes lie below the folder of a probe, without an ending."""
        named = self.seed is not None and self.video_id == make_video_id(
            self.generator, self.prompt_id, self.seed
        )
        last = str(self.seed) if named else name_safely(self.video_id)
        return Path(name_safely(self.generator), name_safely(self.prompt_id), last)


class ProbeFolder:
    """Probed videos in a folder.

    Parameters
    ----------
    folder : path
        Made when the first video is kept.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def find_video(self, part: Part, source: Source) -> Path:
        """Give the place of a probed video, whether it is there or not."""
        place = self.folder / part.name / source.place
        return place.with_name(f"{place.name}.mp4")

    def read_record(self, part: Part, source: Source) -> dict[str, Any] | None:
        """Give what is known of a probe that is whole and as it was made, or that failed; else None."""
        path = self.find_video(part, source)
        record = read_sidecar(path.with_suffix(".json"))
        if record is None or record["status"] == FAILED:
            return record
        return record if hash_if_readable(path) == record.get("sha256") else None

    def keep(
        self,
        part: Part,
        source: Source,
        frames: np.ndarray | str,
        *,
        fps: float,
        settings: Mapping[str, Any],
        versions: Mapping[str, str],
    ) -> dict[str, Any]:
        """Encode and write a probed video with its side-car, or the side-car of one that could not be made.

        Parameters
        ----------
        part : Part
        source : Source
        frames : array of uint8, shape (frames, height, width, 3), or str
            The text is the reason why there are none.
        fps : float
        settings : mapping
            What decides it: ``qp``, ``preset`` and what the probe has beside those.
        versions : mapping
            Of the libraries that had a part in it.

        Returns
        -------
        dict
            What the side-car says.

        Raises
        ------
        OSError
            The folder cannot be written to, or is full.
        """
        path = self.find_video(part, source)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.mark()
        record = {
            "video_id": source.video_id,
            "probe": part.name,
            "severity": part.severity or None,
            "status": MADE,
            "error": "",
            "source_sha256": source.sha256,
            "settings": dict(settings),
            "versions": dict(versions),
        }
        draft = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{DRAFT}.mp4")
        try:
            if isinstance(frames, str):
                raise VideoError(frames)
            encode_video(frames, draft, fps=fps, qp=settings["qp"], preset=settings["preset"])
            record |= describe_file(probe_video(draft))
            write_whole(path.with_suffix(".json"), dump_record(record))
            os.replace(draft, path)
        except ValueError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from error
            record |= {"status": FAILED, "error": str(error).replace(str(draft), "the probe")}
            write_whole(path.with_suffix(".json"), dump_record(record))
        finally:
            draft.unlink(missing_ok=True)
        return record

    def mark(self) -> None:
        """Mark the folder as one of probed videos."""
        mark = self.folder / PROBE_MARK
        if not mark.is_file():
            mark.parent.mkdir(parents=True, exist_ok=True)
            write_whole(mark, dump_record({"format": FORMAT}))

    def remove_stale(self, source: Source) -> None:
        """Remove the probes of a video that were made of another file than it is now."""
        for folder in [path for path in self.folder.iterdir() if path.is_dir()]:
            sidecar = (folder / source.place).with_name(f"{source.place.name}.json")
            record = read_sidecar(sidecar)
            if (
                record
                and record["video_id"] == source.video_id
                and (record.get("source_sha256") != source.sha256)
            ):
                sidecar.with_suffix(".mp4").unlink(missing_ok=True)
                sidecar.unlink()

    def sweep(self) -> None:
        """Remove drafts that processes left behind when they were killed long ago."""
        for draft in self.folder.glob(f"*/*/*/.*{DRAFT}*"):
            if time.time() - draft.stat().st_mtime > OLD_SECONDS:
                draft.unlink(missing_ok=True)


def choose_fps(claimed: float, fallback: float) -> float:
    """Keep the frame rate of a video, or take another where it claims none that can be written."""
    return claimed if math.isfinite(claimed) and 0.01 <= claimed <= 1000 else fallback
