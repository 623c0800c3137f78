"""Videos as a judge sees them, each decoded and encoded once and kept in a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.training.progress import show_progress
from videophy_lab.video import VideoError, decode_ahead

if TYPE_CHECKING:
    import torch

    from videophy_lab.training.students import Student

DECODING_THREADS = 2


class MediaCache:
    """A folder with one file a video, named by the SHA-256 of its bytes.

    Parameters
    ----------
    folder : Path
        Of one judge with one set of options: what another one sees lies elsewhere.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find_file(self, sha256: str) -> Path:
        """Say where a video lies."""
        return self.folder / f"{sha256}.safetensors"

    def find_reason(self, sha256: str) -> Path:
        """Say where it is written why a video is not there."""
        return self.folder / f"{sha256}.failed"

    def read(self, sha256: str, names: Sequence[str] | None = None) -> dict[str, torch.Tensor]:
        """Read what stands for a video, or some of it."""
        from safetensors import safe_open

        with safe_open(self.find_file(sha256), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys() if names is None or name in names}  # noqa: SIM118

    def write(self, sha256: str, tensors: Mapping[str, torch.Tensor]) -> None:
        """Write what stands for a video, whole or not at all."""
        from safetensors.torch import save_file

        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f".{sha256}.{os.getpid()}"
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial)
        os.replace(partial, self.find_file(sha256))
        self.find_reason(sha256).unlink(missing_ok=True)

    def list_failed(self, wanted: Sequence[str]) -> dict[str, str]:
        """Give the reason of each wanted video that is not there."""
        absent = [sha256 for sha256 in wanted if not self.find_file(sha256).is_file()]
        return {sha256: self.find_reason(sha256).read_text("utf-8") for sha256 in absent}


def encode_videos(
    student: Student,
    videos: Mapping[str, str],
    cache: MediaCache,
    *,
    rank: int = 0,
    world: int = 1,
    shown: bool = True,
) -> None:
    """Decode and encode the videos that are not in the cache; those that cannot be are noted there.

    Parameters
    ----------
    videos : mapping of SHA-256 to path
    rank, world : int
        Which process this is, of how many: each takes its share.
    """
    cache.folder.mkdir(parents=True, exist_ok=True)
    absent = [sha256 for sha256 in sorted(videos)[rank::world] if not cache.find_file(sha256).is_file()]
    view = student.judge.view
    clips = decode_ahead(((videos[sha256], [view]) for sha256 in absent), threads=DECODING_THREADS)
    with show_progress(len(absent), unit=" videos", shown=shown) as report:
        for sha256, clip in zip(absent, clips, strict=True):
            try:
                if isinstance(clip, VideoError):
                    raise clip
                cache.write(sha256, student.encode(clip))
            except ValueError as error:
                cache.find_reason(sha256).write_text(str(error), "utf-8")
            report(1, "")
