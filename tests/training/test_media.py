"""Videos are kept once each, in the room that there is, under the name of their bytes."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import FRAMES, write_clip
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.training import TrainingStoppedError, media
from videophy_lab.training.media import MediaCache, encode_videos, find_free, measure_folder
from videophy_lab.training.students import OwlStudent
from videophy_lab.video import FrameView, decode_clip

VIEW = FrameView("uniform", 2)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("clips")
    return {f"{n:064}": str(write_clip(folder / f"{n}.mp4", "dark", n)) for n in range(4)}


def make_student(size: int = 1000) -> SimpleNamespace:
    """Make what keeps so many bytes of every clip."""
    kept = {"media": torch.zeros(size, dtype=torch.uint8)}
    return SimpleNamespace(judge=SimpleNamespace(view=VIEW), encode=lambda clip: kept)


def test_a_disk_that_is_too_small_is_told_before_it_is_full(videos, tmp_path, monkeypatch):
    monkeypatch.setattr(media, "MEASURED", 2)
    monkeypatch.setattr(media, "find_free", lambda folder: 1500)
    told = r"2 videos as the judge sees them, 0\.00\d+ MB each, need about .* 1\.5e-06 GB are free there"
    cache = MediaCache(tmp_path)
    with pytest.raises(TrainingStoppedError, match=told):
        encode_videos(make_student(), videos, cache, shown=False)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    # what is there is kept, so that what is left finds room
    encode_videos(make_student(), videos, cache, shown=False)
    assert len(list(tmp_path.glob("*.safetensors"))) == 4


def test_the_room_that_the_other_processes_need_counts(videos, tmp_path, monkeypatch):
    monkeypatch.setattr(media, "MEASURED", 1)
    monkeypatch.setattr(media, "find_free", lambda folder: 1500)
    encode_videos(make_student(), dict(list(videos.items())[:2]), MediaCache(tmp_path / "one"), shown=False)
    with pytest.raises(TrainingStoppedError, match="2 videos"):
        encode_videos(make_student(), videos, MediaCache(tmp_path / "two"), rank=1, world=2, shown=False)


def test_free_room_is_found_of_a_folder_that_is_not_there_yet(tmp_path):
    assert find_free(tmp_path / "not" / "there") > 0


def test_a_dry_run_knows_how_large_a_video_is_kept(trained):
    judge = AutoEval(checkpoint=str(CHECKPOINT), device="cpu", **FRAMES)
    path = pd.read_csv(trained.folder / "examples.csv")["path"].iloc[0]
    size = OwlStudent(judge).measure_clip(decode_clip(path, [judge.view]))
    kept = list((trained.folder / "cache").rglob("*.safetensors"))
    # a header comes on top
    assert all(0 <= file.stat().st_size - size < 200 for file in kept)
    assert judge._network is None
    assert measure_folder(trained.folder / "cache") == sum(file.stat().st_size for file in kept)
