"""Imaging quality through a stand-in for pyiqa: what it is handed, and what is said where it is missing."""

from __future__ import annotations

import math
import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torchvision import transforms

from tests.metrics import tiny_networks as tiny
from videophy_lab.judges.base import Question
from videophy_lab.metrics.imaging import ImagingQuality, prepare_frame


class FakeMetric(torch.nn.Module):
    """A network that is called and refuses as pyiqa's does; its score is how much neighbours differ."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device, self.seen = device, []

    def forward(self, target: torch.Tensor, ref: torch.Tensor | None = None) -> torch.Tensor:
        assert target.dim() == 4
        assert target.shape[1] == 3
        assert target.min() > -1e-6
        assert target.max() < 1 + 1e-6
        assert ref is None
        self.seen.append(target)
        return 100 * target.diff(dim=-1).abs().mean(dim=(1, 2, 3))[:, None]


@pytest.fixture
def pyiqa(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Put a stand-in for pyiqa where it would be imported from."""
    module = ModuleType("pyiqa")
    module.__version__ = "0.1.15"
    module.made = []

    def create_metric(metric_name, as_loss=False, device=None, **kwargs):
        module.made.append((metric_name, as_loss, device, kwargs))
        return FakeMetric(device)

    module.create_metric = create_metric
    monkeypatch.setitem(sys.modules, "pyiqa", module)
    return module


def prepare_by_torchvision(frames: np.ndarray) -> torch.Tensor:
    """Prepare frames by torchvision's transforms, as VBench does."""
    pixels = torch.tensor(frames).permute(0, 3, 1, 2).float()
    height, width = frames.shape[1:3]
    if max(height, width) > 512:
        share = 512 / max(height, width)
        size = (int(share * height), int(share * width))
        pixels = transforms.Resize(size=size, antialias=False)(pixels)
    return pixels / 255


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((704, 1280), (281, 512)),
        ((1280, 704), (512, 281)),
        # 512 / 853 · 853 is a little less than 512, and cut
        ((480, 853), (288, 511)),
        ((513, 100), (512, 99)),
        ((512, 512), (512, 512)),
        ((30, 40), (30, 40)),
    ],
    ids=str,
)
def test_frames_are_handed_over_one_by_one_as_vbench_does(
    pyiqa: ModuleType, size: tuple[int, int], seen: tuple[int, int], rng: np.random.Generator
) -> None:
    frames = rng.integers(0, 256, (3, *size, 3), dtype=np.uint8)
    metric = ImagingQuality(device="cpu")
    value = metric.measure(frames)
    handed = metric._network.seen
    assert [tuple(picture.shape) for picture in handed] == [(1, 3, *seen)] * 3
    assert torch.equal(torch.cat(handed), prepare_by_torchvision(frames))
    differences = prepare_by_torchvision(frames).double().diff(dim=-1).abs()
    assert value == pytest.approx(100 * float(differences.mean()), rel=1e-6)


def test_it_is_the_network_of_vbench_made_once(pyiqa: ModuleType, rng: np.random.Generator) -> None:
    metric = ImagingQuality(device="cpu")
    metric.prepare()
    metric.measure(tiny.make_pictures(rng, 2))
    assert pyiqa.made == [("musiq-spaq", False, "cpu", {})]


def test_black_and_white_stay_within_the_range(pyiqa: ModuleType) -> None:
    frames = np.zeros((2, 600, 700, 3), dtype=np.uint8)
    frames[:, 300:] = 255
    picture = prepare_frame(frames[0])
    assert (float(picture.min()), float(picture.max())) == (0, 1)
    assert ImagingQuality(device="cpu").measure(frames) == 0


def test_ever_more_blurred_frames_lower_it(pyiqa: ModuleType, rng: np.random.Generator) -> None:
    import cv2

    frames = tiny.make_pictures(rng, 6)
    blurred = np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in frames])
    metric = ImagingQuality(device="cpu")
    values = [metric.measure(np.concatenate([blurred[:count], frames[count:]])) for count in range(7)]
    assert all(np.diff(values) < 0)


def test_a_clip_is_scored_from_read_only_frames(pyiqa: ModuleType, rng: np.random.Generator) -> None:
    metric, frames = ImagingQuality(device="cpu"), tiny.make_pictures(rng, 3)
    asked = [[Question("imaging_quality")]]
    [[answer]] = metric.score([tiny.make_clip(frames)], asked)
    assert (answer.score, answer.status) == (metric.measure(frames), "ok")
    [[none]] = metric.score([tiny.make_clip(frames[:0])], asked)
    assert math.isnan(none.score)
    assert (none.status, none.error) == (
        "unscored", "imaging_quality needs 1 or more frames; the video has 0"
    )  # fmt: skip


def test_describe_names_the_network_and_the_version(pyiqa: ModuleType) -> None:
    said = ImagingQuality(device="cpu").describe()
    assert (said["scorer"], said["network"], said["pyiqa"]) == ("imaging_quality", "musiq-spaq", "0.1.15")
    assert pyiqa.made == []
    pyiqa.__version__ = "0.1.16"
    assert ImagingQuality().describe() != said


def test_without_pyiqa_the_message_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyiqa", None)
    for call in (ImagingQuality().prepare, ImagingQuality().describe):
        with pytest.raises(ImportError, match=r"no commercial use\. Remedy, .*: pip install pyiqa$"):
            call()
    assert "pip install pyiqa" in ImagingQuality.card.needs
    assert "PolyForm Noncommercial" in ImagingQuality.card.licence


def test_a_package_that_is_broken_inside_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "pyiqa.py").write_text("import no_such_thing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pyiqa", raising=False)
    with pytest.raises(ImportError, match="No module named 'no_such_thing'"):
        ImagingQuality().prepare()


def test_weights_that_cannot_be_fetched_are_said_to_be(
    pyiqa: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args, **kwargs):
        raise OSError("name resolution failed")

    monkeypatch.setattr(pyiqa, "create_metric", fail)
    with pytest.raises(ValueError, match=r"could not make .*musiq-spaq \(name resolution failed\)\. Remedy"):
        ImagingQuality(device="cpu").prepare()


def test_a_device_that_is_not_there_is_refused(pyiqa: ModuleType) -> None:
    with pytest.raises(ValueError, match="device is 'gpu'"):
        ImagingQuality(device="gpu").prepare()
