"""The camera sees what happens, in the right world and in the wrong ones, and says where it is."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from tests.generators.simulated.worlds import PAIRS, SCENES, get_clip
from videophy_lab.generators.simulated.camera import FILLED, find_axes, place_camera
from videophy_lab.generators.simulated.truth import HEADER, trace

SIZE = 128
# what is sped up goes on for longer than the camera was placed for
LEAST = {"speed_up": 0.7}


def measure_share(clip):
    """Measure in how many frames a body that is there has its centre in the picture, as a share."""
    pixels = np.stack([c.project(p, SIZE)[0] for c, p in zip(clip.cameras, clip.run.places, strict=True)])
    inside = np.all((pixels > -0.5) & (pixels < SIZE - 0.5), axis=-1)
    return float(inside[clip.run.present].mean())


@pytest.mark.parametrize(("violation", "scene"), [*(("none", scene) for scene in SCENES), *PAIRS])
def test_the_bodies_stay_in_the_picture(violation, scene):
    least = 1.0 if violation in ("none", "reversal", "freeze", "vanish") else LEAST.get(violation, 0.85)
    assert measure_share(get_clip(scene, violation)) >= least


@pytest.mark.parametrize("scene", SCENES)
def test_right_and_wrong_clips_have_one_camera_and_one_look(scene):
    right = get_clip(scene)
    for violation, where in PAIRS:
        if where == scene:
            clip = get_clip(scene, violation)
            assert clip.take.looks == right.take.looks
            same = clip.cameras[0].place == pytest.approx(right.cameras[0].place, abs=0)
            assert same
            assert clip.cameras[0].azimuth == right.cameras[0].azimuth


@pytest.mark.parametrize("scene", SCENES)
def test_the_action_is_large_enough_to_be_seen(scene):
    clip = get_clip(scene)
    tracks = trace(clip.take, clip.run, clip.cameras, SIZE)
    assert tracks.radii[0, 0] >= SIZE / 50
    seen = tracks.visible[tracks.present].mean()
    assert seen >= (0.75 if scene == "pour" else 0.95)


def test_a_camera_is_as_near_as_all_balls_allow():
    rng = np.random.default_rng(3)
    points, radii = rng.normal(size=(40, 3)), rng.uniform(0.05, 0.3, 40)
    camera = place_camera(points, radii, 75.0, -12.0)
    pixels, scales = camera.project(points, 1001)
    reach = (np.abs(pixels - 500) + (radii * scales)[:, None]).max() / 500.5
    assert FILLED - 0.02 < reach < FILLED + 0.03


def test_axes_are_a_right_handed_view():
    right, up, forward = find_axes(90.0, 0.0)
    assert right == pytest.approx([1, 0, 0], abs=1e-12)
    assert forward == pytest.approx([0, 1, 0], abs=1e-12)
    assert up == pytest.approx([0, 0, 1], abs=1e-12)


def test_a_shaken_camera_moves_with_the_severity_from_the_onset_on():
    amounts = []
    for severity in (0.25, 0.5, 1.0):
        clip = get_clip("fall", "jitter", severity)
        turned = np.array([[c.azimuth, c.elevation] for c in clip.cameras])
        assert np.array_equal(turned[: clip.onset], np.tile(turned[0], (clip.onset, 1)))
        amounts.append(np.abs(turned - turned[0]).max())
    assert amounts[0] < amounts[1] < amounts[2]


def test_tracks_are_a_table_of_every_body_in_every_frame():
    clip = get_clip("bounce", "duplicate")
    tracks = trace(clip.take, clip.run, clip.cameras, SIZE)
    text = tracks.write().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert text.splitlines()[0] == HEADER
    assert len(rows) == 25 + 25 - clip.onset
    copies = [int(row["frame"]) for row in rows if row["body"] == "ball_copy"]
    assert copies == list(range(clip.onset, 25))
    last = rows[-1]
    assert float(last["z"]) == pytest.approx(clip.run.places[-1, 1, 2], abs=1e-5)


def test_what_is_under_the_floor_is_not_visible():
    clip = get_clip("fall", "penetration")
    tracks = trace(clip.take, clip.run, clip.cameras, SIZE)
    assert tracks.visible[0, 0]
    assert tracks.present[-1, 0]
    assert not tracks.visible[-1, 0]
