"""Tracks against scenes whose truth is known, and nothing where nothing moves."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from tests.judges.made_scenes import HEIGHT, SCENES, WIDTH, draw_body, make_scene, make_texture
from videophy_lab.tracking import Settings, Track, find_tracks
from videophy_lab.tracking.camera import estimate_camera, lay_over

SHAPE = (HEIGHT, WIDTH)


def make_wall(rng, *, strength=12.0):
    grey = 120 + make_texture((2 * HEIGHT, 2 * WIDTH), rng, strength=strength)
    return (grey[..., None] + rng.uniform(-40, 40, size=3)).clip(0, 255)


def film(wall, maps, rng, *, noise=1.5):
    """Film a wall by a camera; each map (2 × 3) lays the wall over a frame."""
    frames = [cv2.warpAffine(wall, m, (WIDTH, HEIGHT)) for m in maps]
    return [frame + noise * rng.standard_normal(frame.shape) for frame in frames]


def make_pan(speed, *, frames=33):
    return [np.float32([[1, 0, -100 - speed * t], [0, 1, -80 - 0.25 * speed * t]]) for t in range(frames)]


def finish(frames):
    return np.stack(frames).clip(0, 255).round().astype(np.uint8)


def measure_error(track: Track, path: np.ndarray) -> float:
    away = (track.centres - path[track.frames])[~track.touches_edge]
    return float(np.sqrt((away**2).sum(1).mean()))


@pytest.mark.parametrize("kind", SCENES)
@pytest.mark.parametrize("seed", [200, 201])
def test_places_agree_with_the_truth_within_a_pixel(kind, seed):
    scene = make_scene(kind, seed)
    long = [track for track in find_tracks(scene.frames).tracks if len(track.frames) > 12]
    assert len(long) == len(scene.places)
    for path in scene.places:
        assert min(measure_error(track, path) for track in long) < 1.0


def test_area_and_colour_are_the_bodys():
    rng = np.random.default_rng(7)
    frames = film(make_wall(rng), make_pan(0), rng)
    for t, frame in enumerate(frames):
        draw_body(frame, np.array([30.0 + 5 * t, 90.0]), 12.0, np.array([250.0, 30.0, 30.0]), square=False)
    (track,) = find_tracks(finish(frames)).tracks
    # the blur widens a region, by a pixel and a half at most
    assert np.pi * 12**2 < np.median(track.areas) < np.pi * 13.5**2
    # so at most 1 - 12² / 13.5² of it is the wall, which lies 200 grey levels away at most
    np.testing.assert_allclose(track.colour, [250, 30, 30], atol=0.21 * 200)
    assert track.frames.tolist() == list(range(33))
    assert not track.touches_edge.any()


def test_a_body_that_rests_most_of_the_time_is_followed_from_the_first_frame():
    rng = np.random.default_rng(8)
    frames = film(make_wall(rng), make_pan(0), rng)
    for t, frame in enumerate(frames):
        draw_body(
            frame, np.array([40.0 + 8 * min(t, 9), 90.0]), 12.0, np.array([20.0, 20.0, 220.0]), square=True
        )
    tracks = find_tracks(finish(frames)).tracks
    assert [track.frames.tolist() for track in tracks] == [list(range(33))]


def test_a_moving_camera_is_taken_out():
    rng = np.random.default_rng(9)
    frames = film(make_wall(rng), make_pan(1.0), rng)
    path = np.stack([60 + 3.0 * np.arange(33), 100 - 2.0 * np.arange(33) + 0.06 * np.arange(33) ** 2], axis=1)
    for t, frame in enumerate(frames):
        draw_body(frame, path[t], 11.0, np.array([250.0, 250.0, 20.0]), square=False)
    (track,) = find_tracks(finish(frames)).tracks
    middle = 16
    in_wall = path + np.arange(-middle, 33 - middle)[:, None] * [1.0, 0.25]
    assert measure_error(track, in_wall) < 1.0


def test_the_camera_is_measured():
    rng = np.random.default_rng(10)
    maps = estimate_camera(finish(film(make_wall(rng), make_pan(1.5), rng)))
    expected = np.stack([1.5 * np.arange(-16, 17), 0.375 * np.arange(-16, 17)], axis=1)
    np.testing.assert_allclose(maps[:, :2, 2], expected, atol=1.0)


def test_a_camera_at_rest_leaves_the_frames_alone():
    rng = np.random.default_rng(11)
    frames = finish(film(make_wall(rng), make_pan(0), rng))
    stable = lay_over(frames, estimate_camera(frames))
    assert not stable.moved
    assert stable.frames is frames


def test_a_large_body_before_a_plain_wall_is_not_the_camera():
    rng = np.random.default_rng(12)
    frames = [np.full((HEIGHT, WIDTH, 3), 90.0) for _ in range(33)]
    face = 150 + make_texture((60, 60), rng, strength=30)[..., None]
    for t, frame in enumerate(frames):
        frame[60:120, 10 + 5 * t : 70 + 5 * t] = face
    found = find_tracks(finish(frames))
    assert found.camera_shift == 0
    assert len(found.tracks) == 1


def make_nothing(kind, rng):
    """Make a video in which no body moves."""
    still = make_pan(0)
    if kind == "still":
        return finish(film(make_wall(rng), still, rng, noise=0))
    if kind == "grain":
        return finish(film(make_wall(rng), still, rng, noise=5))
    if kind == "white noise":
        return rng.integers(0, 256, (33, *SHAPE, 3), dtype=np.uint8)
    if kind == "blank":
        return np.full((33, *SHAPE, 3), 77, np.uint8)
    if kind == "flicker":
        return finish([f + 12 * np.sin(t) for t, f in enumerate(film(make_wall(rng), still, rng))])
    if kind == "blocks":
        blocks = rng.normal(scale=5, size=(33, HEIGHT // 8, WIDTH // 8))
        noise = np.kron(blocks, np.ones((1, 8, 8)))[..., None]
        return finish([f + n for f, n in zip(film(make_wall(rng), still, rng), noise, strict=True)])
    if kind == "pan":
        return finish(film(make_wall(rng), make_pan(rng.uniform(0.2, 2)), rng))
    if kind == "zoom":
        sizes = 1 + 0.004 * np.arange(33)
        return finish(film(make_wall(rng), [np.float32([[s, 0, -120], [0, s, -90]]) for s in sizes], rng))
    raise ValueError(kind)


@pytest.mark.parametrize(
    "kind", ["still", "grain", "white noise", "blank", "flicker", "blocks", "pan", "zoom"]
)
def test_nothing_is_found_where_no_body_moves(kind):
    found = find_tracks(make_nothing(kind, np.random.default_rng(13)))
    assert found.tracks == ()
    assert found.reason == "nothing moves"


def test_a_cut_to_another_scene_says_so():
    rng = np.random.default_rng(14)
    first, second = (film(make_wall(rng, strength=40), make_pan(0, frames=16), rng) for _ in range(2))
    found = find_tracks(finish([f * 0.5 for f in first] + [200 - f * 0.5 for f in second]))
    assert found.tracks == ()
    assert "of the picture changes at once" in found.reason


def test_a_camera_that_turns_too_far_says_so():
    rng = np.random.default_rng(15)
    wall = np.tile(make_wall(rng), (1, 4, 1))
    maps = [np.float32([[1, 0, -17 * t], [0, 1, -80]]) for t in range(40)]
    assert find_tracks(finish(film(wall, maps, rng))).reason == "the camera moves too far"


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_frames_say_so(count):
    found = find_tracks(np.zeros((count, 20, 30, 3), np.uint8))
    assert found.reason == f"{count} frames are too few to follow anything"


@pytest.mark.parametrize(
    "frames", [np.zeros((9, 20, 30), np.uint8), np.zeros((9, 20, 30, 3)), np.zeros((9, 20, 30, 4), np.uint8)]
)
def test_what_is_no_rgb_video_is_refused(frames):
    with pytest.raises(ValueError, match=r"allowed: uint8 of shape \(frames, height, width, 3\)"):
        find_tracks(frames)


def test_tiny_frames_do_not_break_it():
    rng = np.random.default_rng(16)
    frames = rng.integers(0, 256, (9, 2, 3, 3), dtype=np.uint8)
    assert find_tracks(frames).tracks == ()


def test_the_settings_are_echoed_and_obeyed():
    scene = make_scene("bounce", 202)
    strict = Settings(min_area=0.2)
    found = find_tracks(scene.frames, settings=strict)
    assert found.settings == strict
    assert found.tracks == ()


def test_two_calls_are_equal_to_the_byte():
    frames = make_scene("collision", 203).frames
    first, second = find_tracks(frames), find_tracks(frames.copy())
    assert [t.centres.tobytes() for t in first.tracks] == [t.centres.tobytes() for t in second.tracks]
    assert first.borders.tobytes() == second.borders.tobytes()


def test_the_frames_are_not_changed():
    frames = make_scene("slide", 204).frames
    before = frames.copy()
    frames.setflags(write=False)
    find_tracks(frames)
    np.testing.assert_array_equal(frames, before)


def test_a_clip_takes_less_than_a_second():
    frames = make_scene("bounce", 205).frames
    find_tracks(frames[:5])
    start = time.process_time()
    find_tracks(frames)
    assert time.process_time() - start < 1.0
