"""Edits of time: what they change, and that they change nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.probes.clips import make_frames
from videophy_lab.probes import time
from videophy_lab.probes.settings import How, ProbeOptions, find_draw

EDITS = [
    time.keep_frames,
    time.reverse_frames,
    time.shuffle_frames,
    time.shuffle_blocks,
    time.freeze_frame,
    time.loop_half,
    time.show_slowly,
    time.show_fast,
    time.drop_frames,
]
counts = st.integers(1, 40)
draws = st.integers(0, 2**64 - 1)


def number_frames(count: int) -> np.ndarray:
    """Make frames that hold their own number."""
    return np.repeat(np.arange(count, dtype=np.uint8), 4 * 4 * 3).reshape(count, 4, 4, 3)


def read_numbers(frames: np.ndarray) -> list[int]:
    return frames[:, 0, 0, 0].tolist()


@given(counts, draws, st.sampled_from(EDITS))
def test_every_edit_keeps_the_number_the_size_and_the_frames_themselves(count, draw, edit) -> None:
    frames = number_frames(count)
    frames.setflags(write=False)
    edited = edit(frames, How(severity=0.5, draw=draw))
    assert (edited.shape, edited.dtype) == (frames.shape, frames.dtype)
    assert set(read_numbers(edited)) <= set(range(count))
    assert (edited == edited[:, :1, :1, :1]).all()
    np.testing.assert_array_equal(edit(frames, How(severity=0.5, draw=draw)), edited)


@given(counts)
def test_reversed_twice_is_as_before(count) -> None:
    frames = number_frames(count)
    once = time.reverse_frames(frames, How())
    assert read_numbers(once) == list(range(count))[::-1]
    np.testing.assert_array_equal(time.reverse_frames(once, How()), frames)


@given(counts, draws, st.integers(1, 12))
def test_shuffles_keep_every_frame_once_and_never_the_order(count, draw, block) -> None:
    how = How(draw=draw, options=ProbeOptions(block=block))
    for edit in (time.shuffle_frames, time.shuffle_blocks):
        numbers = read_numbers(edit(number_frames(count), how))
        assert sorted(numbers) == list(range(count))
        assert count == 1 or numbers != list(range(count))


@given(st.integers(2, 40), draws)
def test_blocks_run_forward(count, draw) -> None:
    numbers = read_numbers(time.shuffle_blocks(number_frames(count), How(draw=draw)))
    length = min(8, count // 2)
    starts = [place for place in range(count) if place == 0 or numbers[place] != numbers[place - 1] + 1]
    assert all(numbers[start] % length == 0 for start in starts)
    assert 2 <= len(starts) <= -(-count // length)


@given(st.integers(2, 40))
def test_speeds_show_half_of_it_or_all_of_it(count) -> None:
    slow = read_numbers(time.show_slowly(number_frames(count), How()))
    assert slow == [number for number in range(count) for _ in range(2)][:count]
    fast = read_numbers(time.show_fast(number_frames(count), How()))
    shown = list(range(0, count - 1, 2))
    assert fast == shown + [count - 1] * (count - len(shown))


def test_loop_shows_the_first_half_twice() -> None:
    assert read_numbers(time.loop_half(number_frames(6), How())) == [0, 1, 2, 0, 1, 2]
    assert read_numbers(time.loop_half(number_frames(7), How())) == [0, 1, 2, 3, 0, 1, 2]


@given(st.integers(2, 60), draws)
def test_more_severe_drops_hold_more_frames_and_the_same_ones_too(count, draw) -> None:
    held = []
    for severity in (0.1, 0.25, 0.5, 0.75, 1.0):
        numbers = read_numbers(time.drop_frames(number_frames(count), How(severity=severity, draw=draw)))
        assert numbers[0] == 0
        assert numbers == sorted(numbers)
        gone = set(range(count)) - set(numbers)
        assert len(gone) == round(severity * (count - 1))
        held.append(gone)
    assert all(less <= more for less, more in itertools.pairwise(held))


@pytest.mark.parametrize(("frozen", "expected"), [("first", 0), ("middle", 6), ("moving", 9)])
def test_a_frozen_video_has_no_motion(frozen, expected) -> None:
    frames = make_frames(12)
    frames[9:, 40:60, 10:40] = 255  # something large is there all of a sudden
    how = How(options=ProbeOptions(frozen=frozen))
    frozen_frames = time.freeze_frame(frames, how)
    assert (frozen_frames == frames[expected]).all()


@settings(max_examples=20)
@given(st.integers(0, 5), st.text(max_size=8))
def test_draws_belong_to_one_video_and_probe(seed, name) -> None:
    assert find_draw(seed, name, "shuffle") == find_draw(seed, name, "shuffle")
    others = {find_draw(seed + 1, name, "shuffle"), find_draw(seed, name + "/0", "shuffle")}
    others.add(find_draw(seed, name, "noise"))
    assert find_draw(seed, name, "shuffle") not in others
    assert len(others) == 3
