"""A video that fails has its reason, takes no other with it, and ends the run only where none can be made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.generators.diffusion.orders import make, order
from videophy_lab.generators.base import GeneratorStoppedError
from videophy_lab.generators.diffusion.frames import to_pixels


@pytest.fixture
def generator(create, loaded):
    """Give a generator whose pipeline can be replaced."""
    made = create("LTXVideo")
    made._pipe = loaded("LTXVideo")._pipe
    return made


class Failing:
    """Stand in front of a pipeline and fail by the texts of a call."""

    def __init__(self, pipe: Any, decide: Any) -> None:
        self.pipe, self.decide, self.calls = pipe, decide, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pipe, name)

    def __call__(self, **call: Any) -> Any:
        self.calls.append(call["prompt"])
        error = self.decide(call["prompt"])
        if error is not None:
            raise error
        return self.pipe(**call)


def test_one_video_takes_no_other_with_it(generator):
    generator._pipe = Failing(
        generator._pipe, lambda texts: RuntimeError("odd\n text") if any("odd" in t for t in texts) else None
    )
    first, second, third = make(generator, order(1), order(2, "an odd ball"), order(3))
    assert second.error == "odd text"
    assert second.text == "an odd ball"
    assert second.frames is None
    assert first.error == third.error == ""
    assert [len(texts) for texts in generator._pipe.calls] == [3, 1, 1, 1]


def test_a_batch_that_does_not_fit_is_made_one_by_one(generator):
    import torch

    full = torch.OutOfMemoryError("CUDA out of memory")
    generator._pipe = Failing(generator._pipe, lambda texts: full if len(texts) > 1 else None)
    made = make(generator, order(1), order(2))
    assert [video.error for video in made] == ["", ""]


@pytest.mark.parametrize("message", ["", "DefaultCPUAllocator: can't allocate memory: you tried 9 bytes"])
def test_where_not_even_one_fits_the_run_ends(generator, message):
    import torch

    error = RuntimeError(message) if message else torch.OutOfMemoryError("CUDA out of memory")
    generator._pipe = Failing(generator._pipe, lambda texts: error)
    with pytest.raises(
        GeneratorStoppedError, match=r"too small for one video .*Remedy: -o offload=model, group"
    ):
        make(generator, order(1), order(2))


def test_a_memory_that_fills_later_costs_one_video(generator):
    full = MemoryError()
    generator._pipe = Failing(generator._pipe, lambda texts: full if "wooden" in texts[0] else None)
    assert make(generator, order(1))[0].error == ""
    (made,) = make(generator, order(2, "a wooden ball"))
    assert made.error.startswith("the memory is too small for one video (MemoryError). Remedy: -o offload=")


def test_a_caption_that_is_demanded_and_missing_concerns_one_video(create, loaded):
    generator = create("LTXVideo", captions="upsampled")
    generator._pipe = loaded("LTXVideo")._pipe
    with_none, with_one = (
        order(1),
        order(2, upsampled="a red ball rolls slowly down the wooden ramp"),
    )
    pairs = dict(zip("ab", make(generator, with_none, with_one), strict=True))
    assert "has no upsampled caption. Remedy: give a prompts table" in pairs["a"].error
    assert pairs["b"].text == with_one.upsampled
    assert pairs["b"].error == ""


def test_the_original_caption_can_be_chosen(create, loaded):
    generator = create("LTXVideo", captions="original")
    generator._pipe = loaded("LTXVideo")._pipe
    (made,) = make(generator, order(upsampled="something else"))
    assert made.text == order().caption


def test_numbers_that_are_none_are_a_failure_with_a_remedy(generator, monkeypatch):
    monkeypatch.setattr(generator, "run", lambda texts: np.full((len(texts), 2, 4, 4, 3), np.nan))
    (made,) = make(generator, order())
    assert made.error.startswith("the network gave numbers that are none (NaN")
    assert "-o dtype=bf16" in made.error
    assert made.frames is None


def test_frames_are_rounded_to_the_nearest_level():
    given = np.array([-0.1, 0.0, 0.4 / 255, 0.6 / 255, 1.0, 1.2], dtype=np.float32)
    assert to_pixels(given).tolist() == [0, 0, 0, 1, 255, 255]


def test_nothing_is_made_of_nothing(generator):
    assert make(generator) == []
