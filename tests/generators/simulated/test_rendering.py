"""The pictures: they show what the tracks say, are the same bytes every time, and are worth looking at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.generators.simulated.worlds import SCENES, get_clip
from videophy_lab.generators.simulated.clips import Clip, stage_clip
from videophy_lab.generators.simulated.platform import explain_missing
from videophy_lab.generators.simulated.render import open_renderer, render
from videophy_lab.generators.simulated.truth import trace

pytestmark = pytest.mark.usefixtures("needs_rendering")
ROOT = Path(__file__).resolve().parents[3]
SIZE = 192


def find_pixels(clip: Clip, frames, body: int, *, alone: bool) -> np.ndarray:
    """Find the pixels that one followed body decides, `alone` or among the others; no shadows."""
    take, pictures = clip.take, []
    take.model.light_castshadow[:] = 0
    geoms = [take.model.geom(actor.name).id for actor in take.stage.actors]
    for there in (True, False):
        run = clip.run.pick(frames)
        if alone:
            run.shown[:, geoms[:body] + geoms[body + 1 :]] = False
        if not there:
            run.shown[:, geoms[body]] = False
        cameras = [clip.cameras[frame] for frame in frames]
        pictures.append(render(take, run, cameras, SIZE, shadow=64).astype(int))
    return np.abs(pictures[0] - pictures[1]).max(axis=-1) > 6


@pytest.mark.parametrize("scene", SCENES)
def test_a_body_is_drawn_where_the_tracks_say(scene):
    clip = stage_clip(scene, 3, "none", 1.0, frames=25, fps=12.0)
    tracks = trace(clip.take, clip.run, clip.cameras, SIZE)
    frames = [0, 9, 24]
    for body in {0, len(clip.take.stage.actors) - 1}:
        for frame, pixels in zip(frames, find_pixels(clip, frames, body, alone=True), strict=True):
            v, u = (axis.mean() for axis in np.nonzero(pixels))
            off = np.hypot(u - tracks.pixels[frame, body, 0], v - tracks.pixels[frame, body, 1])
            # a block is not seen from all sides evenly, and a rod may stand in front: a sixth of the size
            assert off < max(1.0, tracks.radii[frame, body] / 6), (body, frame)
            # as large as the ball of its volume, or as a flat or long body may look
            share = pixels.sum() / np.pi / tracks.radii[frame, body] ** 2
            assert 0.6 < share < 2, (body, frame)


@pytest.mark.parametrize(
    ("scene", "violation"), [("fall", "vanish"), ("bounce", "duplicate"), ("wall", "penetration")]
)
def test_what_the_tracks_call_visible_is_seen(scene, violation):
    clip = stage_clip(scene, 0, violation, 1.0, frames=25, fps=12.0)
    tracks = trace(clip.take, clip.run, clip.cameras, SIZE)
    frames = [clip.onset - 1, clip.onset + 1, 20, 24]
    drawn = find_pixels(clip, frames, 0, alone=False).any(axis=(1, 2))
    assert np.array_equal(drawn, tracks.visible[frames, 0])


def test_frames_before_the_onset_are_those_of_the_right_clip():
    right, wrong = (get_clip("bounce", name) for name in ("none", "inverted_gravity"))
    pictures = [render(c.take, c.run, c.cameras, 96) for c in (right, wrong)]
    same = np.all(pictures[0] == pictures[1], axis=(1, 2, 3))
    assert same[: wrong.onset].all()
    assert not same[wrong.onset + 2 :].any()


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def test_two_processes_film_the_same_bytes_in_any_order():
    names = ["bounce:-teleport-050", "spring:", "tower:-jitter-100"]
    runs = [
        run_python("-m", "tests.generators.simulated.film_twice", *order) for order in (names, names[::-1])
    ]
    lines = [sorted(run.stdout.splitlines()) for run in runs]
    assert len(lines[0]) == len(names), runs[0].stderr
    assert lines[0] == lines[1]


@pytest.mark.parametrize("scene", SCENES)
def test_a_picture_has_light_colour_and_a_background(scene):
    clip = get_clip(scene)
    (picture,) = render(clip.take, clip.run.pick([0]), clip.cameras[:1], SIZE)
    grey = picture.mean(axis=-1)
    assert 70 < grey.mean() < 215
    assert np.percentile(grey, 99) - np.percentile(grey, 1) > 60
    assert (np.ptp(picture.astype(int), axis=-1) > 60).mean() > 0.002  # something has a colour
    assert (grey > 252).mean() < 0.02


def test_a_renderer_is_closed_even_after_an_error():
    clip = get_clip("fall")
    with pytest.raises(ZeroDivisionError), open_renderer(clip.take.model, 64) as renderer:
        1 / 0  # noqa: B018
    with pytest.raises(RuntimeError, match="after close"):
        renderer.render()


def test_missing_egl_is_said_with_the_line_to_type(tmp_path):
    (tmp_path / "libEGL.so.1").write_text("not a library")
    (tmp_path / "libEGL.so").write_text("not a library")
    program = "from videophy_lab.generators.simulated import Simulated; Simulated().prepare()"
    run = run_python("-c", program, LD_LIBRARY_PATH=str(tmp_path), MUJOCO_GL="egl")
    assert run.returncode == 1
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert "apt-get install libegl1 libgl1-mesa-dri" in last
    assert "MUJOCO_GL=osmesa" in last


def test_missing_osmesa_is_said_with_its_own_line(monkeypatch):
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    assert "apt-get install libosmesa6." in str(explain_missing(OSError("no")))
