"""One encoder for all: what is shown at another time, or again, is the very picture of the null edit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.conftest import GOLDEN
from tests.probes.clips import make_frames, read_frames
from videophy_lab.generators.base import Order
from videophy_lab.metrics.flicker import TemporalFlickering
from videophy_lab.metrics.frames import Sharpness
from videophy_lab.probes import PROBES
from videophy_lab.probes.settings import How, find_draw
from videophy_lab.video import encode_video

SCENES = ("pour", "tower", "fall")
TIMES = sorted(name for name, probe in PROBES.items() if probe.kind == "time")


def film_scene(scene: str) -> np.ndarray:
    from videophy_lab.generators.simulated import Simulated
    from videophy_lab.generators.simulated.cards import CARDS
    from videophy_lab.generators.simulated.clips import film

    card = CARDS[scene]
    order = Order(f"s/{scene}/5", card.prompt_id, 5, card.caption)
    return np.asarray(film(Simulated(fast=True).make_world("none", 0.0), scene, order).frames)


def make_noise(count: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, height, width, 3), dtype=np.uint8)


def probe_frames(frames: np.ndarray, folder: Path, **options: object) -> dict[str, np.ndarray]:
    """Write frames as a file, probe it by every edit of time, and give the decoded frames by probe."""
    path = encode_video(frames, folder / "source.mp4", fps=23.976)
    videos = pd.DataFrame(
        {"video_id": ["g/p/0"], "prompt_id": ["p"], "generator": ["g"], "path": [str(path)]}
    )
    rows = lab.probe(videos, "time", out=folder / "out", workers=1, progress=False, options=options)
    assert rows["status"].eq("ok").all(), rows["error"].tolist()
    probed = rows[rows["probe"].notna()]
    return {row.probe: read_frames(row.path) for row in probed.itertuples()}


def check_same_pictures(probed: dict[str, np.ndarray]) -> None:
    """Check that each edit of time equals the same edit of the decoded frames of the null edit."""
    null = probed["reencode"]
    np.testing.assert_array_equal(probed["reverse"], null[::-1])
    count = len(null)
    for name, shown in probed.items():
        base, _, grade = name.partition("-")
        edit = PROBES[base].edit
        assert edit is not None
        how = How(severity=int(grade) / 100 if grade else 1.0, draw=find_draw(0, "g/p/0", base))
        # the edits that only take frames are told by numbers, the one that looks at pictures by its own
        places = edit(np.arange(count), how) if base != "freeze" else find_frozen(null, shown)
        np.testing.assert_array_equal(shown, null[places], err_msg=name)


def find_frozen(null: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Find which frame of the null edit is shown all the time."""
    same = [place for place, frame in enumerate(null) if (frame == shown[0]).all()]
    assert same, "no frame of the null edit is the one that is held"
    return np.full(len(null), same[0])


@pytest.mark.parametrize("scene", SCENES)
def test_time_changes_only_the_order_of_pictures_of_the_simulated_world(
    needs_rendering: None, scene: str, tmp_path: Path
) -> None:
    probed = probe_frames(film_scene(scene), tmp_path)
    check_same_pictures(probed)
    forward, backward = probed["reencode"], probed["reverse"]
    for metric in (TemporalFlickering(), Sharpness()):
        assert metric.measure(backward) == pytest.approx(metric.measure(forward), abs=1e-9, rel=0)


@pytest.mark.parametrize("name", ["bounce_49f", "drift_121f_bframes", "fall_33f_444", "slide_20f_portrait"])
def test_time_changes_only_the_order_of_pictures_of_files(name: str, tmp_path: Path) -> None:
    check_same_pictures(probe_frames(read_frames(GOLDEN / "videos" / f"{name}.mp4"), tmp_path))


@pytest.mark.parametrize(
    ("count", "height", "width", "options"),
    [
        (17, 64, 96, {}),
        (17, 64, 96, {"qp": 1, "preset": "ultrafast"}),
        (17, 64, 96, {"qp": 40, "preset": "slower"}),
        (5, 255, 255, {}),
        (12, 95, 96, {"qp": 30}),
        (12, 4, 4, {}),
        (1, 48, 64, {}),
    ],
)
def test_time_changes_only_the_order_of_pictures_of_noise(
    count: int, height: int, width: int, options: dict[str, object], tmp_path: Path
) -> None:
    # half still, half noise: what a rate control would spend very differently
    frames = make_noise(count, height, width)
    frames[: count // 2] = make_frames(count, height, width)[: count // 2]
    check_same_pictures(probe_frames(frames, tmp_path, **options))


def test_compression_is_meant_to_be_the_codec(tmp_path: Path) -> None:
    """The one probe whose frames depend on those around them says so."""
    frames = make_noise(12, 64, 96) // 4 + make_frames(12, 64, 96) // 2
    edit = PROBES["compression"].edit
    assert edit is not None
    assert not np.array_equal(edit(frames, How())[::-1], edit(np.ascontiguousarray(frames[::-1]), How()))
    assert "codec" in PROBES["compression"].why
