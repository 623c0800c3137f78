"""Videos as a judge sees them, each decoded and encoded once and kept in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.training.loop import TrainingStoppedError
from videophy_lab.training.progress import show_progress
from videophy_lab.video import VideoError, decode_ahead

if TYPE_CHECKING:
    import torch

    from videophy_lab.training.students import Student

CACHE = "cache"
DECODING_THREADS = 2
# after so many videos it is known how large one is
MEASURED = 8


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

    Raises
    ------
    TrainingStoppedError
        The disk has no room for all.
    """
    cache.folder.mkdir(parents=True, exist_ok=True)
    absent = [sha256 for sha256 in sorted(videos)[rank::world] if not cache.find_file(sha256).is_file()]
    view = student.judge.view
    clips = decode_ahead(((videos[sha256], [view]) for sha256 in absent), threads=DECODING_THREADS)
    with show_progress(len(absent), unit=" videos", shown=shown) as report:
        written: list[int] = []
        for place, (sha256, clip) in enumerate(zip(absent, clips, strict=True), start=1):
            try:
                if isinstance(clip, VideoError):
                    raise clip
                cache.write(sha256, student.encode(clip))
                written.append(cache.find_file(sha256).stat().st_size)
            except ValueError as error:
                cache.find_reason(sha256).write_text(str(error), "utf-8")
            if len(written) == MEASURED:
                check_room(cache.folder, written, n_left=(len(absent) - place) * world)
            report(1, "")


def measure_folder(folder: Path) -> int:
    """Measure how many bytes the files of a folder and of those in it take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def find_free(folder: Path) -> int:
    """Find how many bytes are free on the disk of a folder, which need not be there yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    return shutil.disk_usage(there).free


def check_room(folder: Path, written: Sequence[int], *, n_left: int) -> None:
    """Raise TrainingStoppedError where the disk has no room for videos as large as those that are there."""
    size, free = sum(written) / len(written), find_free(folder)
    if size * n_left > free:
        raise TrainingStoppedError(
            f"{n_left} videos as the judge sees them, {size / 1e6:.3g} MB each, need about "
            f"{size * n_left / 1e9:.3g} GB in {folder}, and {free / 1e9:.3g} GB are free there. Remedy: an "
            "--out on a larger disk, or a judge that sees less: -o frames=8, and -o max_pixels=… for a "
            "vision-language model. What is there is kept, and the same command goes on."
        )
