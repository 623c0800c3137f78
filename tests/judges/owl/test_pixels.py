"""Normalisation against the official image processor of today's transformers, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import CLIPImageProcessorPil

from videophy_lab.judges.owl.pixels import make_pixels


def test_pixels_equal_the_clip_processor_to_the_bit(rng):
    frames = rng.integers(0, 256, (3, 224, 224, 3), np.uint8)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 224}, crop_size=224)
    wanted = processor([*frames], return_tensors="np")["pixel_values"]
    np.testing.assert_array_equal(make_pixels(frames), wanted.transpose(1, 0, 2, 3))


def test_strided_and_single_frames_are_read(rng):
    frames = rng.integers(0, 256, (4, 6, 8, 3), np.uint8)
    np.testing.assert_array_equal(
        make_pixels(frames[::2, :, ::-1]), make_pixels(frames)[:, ::2, :, :].flip(-1)
    )
    assert make_pixels(frames[:1]).shape == (3, 1, 6, 8)


@pytest.mark.parametrize(
    "frames",
    [np.zeros((2, 4, 4, 3), np.float32), np.zeros((4, 4, 3), np.uint8), np.zeros((2, 4, 4, 4), np.uint8)],
    ids=["float", "one frame", "four channels"],
)
def test_other_arrays_are_refused(frames):
    with pytest.raises(ValueError, match=r"must be uint8 of shape \(frames, height, width, 3\).*Remedy"):
        make_pixels(frames)


def test_no_frame_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        make_pixels(np.zeros((0, 4, 4, 3), np.uint8))
