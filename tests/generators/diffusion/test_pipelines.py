"""Every pipeline runs with random weights as it does with its own: texts, seeds, frames, options."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.generators.diffusion.orders import make, order
from tests.generators.diffusion.tiny_pipelines import BUILDERS

NAMES = list(BUILDERS)
# what the authors' own examples write, in the words of each pipeline
CALLS: dict[str, dict[str, Any]] = {
    "CogVideoX": {"guidance_scale": 6.0, "use_dynamic_cfg": True, "num_frames": 9},
    "HunyuanVideo": {"guidance_scale": 6.0, "num_frames": 9},
    "HunyuanVideo15": {"num_frames": 9},
    "Cosmos1": {"guidance_scale": 7.0, "fps": 30, "num_frames": 9},
    "Wan21": {"guidance_scale": 5.0, "num_frames": 9},
    "Wan22": {"guidance_scale": 4.0, "guidance_scale_2": 3.0, "num_frames": 9},
    "Mochi": {"guidance_scale": 4.5, "num_frames": 7},
    "LTXVideo": {"guidance_scale": 3.0, "frame_rate": 25, "num_frames": 9},
}
# encoders with their names in our counts and the tokens of a template in front
ENCODERS = {
    "CogVideoX": [("t5", "text_encoder", 226, 0)],
    "HunyuanVideo": [("clip", "text_encoder_2", 77, 0), ("llama", "text_encoder", 256, 95)],
    "HunyuanVideo15": [("qwen", "text_encoder", 1000, 108), ("byt5", "text_encoder_2", 256, 0)],
    "Cosmos1": [("t5", "text_encoder", 512, 0)],
    "Wan21": [("umt5", "text_encoder", 512, 0)],
    "Wan22": [("umt5", "text_encoder", 512, 0)],
    "Mochi": [("t5", "text_encoder", 256, 0)],
    "LTXVideo": [("t5", "text_encoder", 128, 0)],
}
LONG = 'the sign says "' + "slowly down " * 40 + '" and ' + "a wooden ball rolls " * 140 + "the end"
every = pytest.mark.parametrize("name", NAMES)
pytestmark = pytest.mark.filterwarnings("ignore:In CPU autocast")


@pytest.fixture(scope="module")
def pair(loaded: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """Give two videos of one text and two seeds, made together."""
    return cache(lambda name: make(loaded(name), order(1), order(2)))


@pytest.fixture(scope="module")
def alone(loaded: Callable[[str], Any]) -> Callable[[str], Any]:
    """Give the first of them, made by itself."""
    return cache(lambda name: make(loaded(name), order(1))[0])


def call_diffusers(name: str, folder: Any, checker: Any) -> np.ndarray:
    """Call diffusers as its documentation does."""
    import diffusers
    import torch

    more = {"safety_checker": checker()} if name == "Cosmos1" else {}
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder, dtype=torch.float32, **more)
    if name == "CogVideoX":
        pipe.scheduler = diffusers.CogVideoXDPMScheduler.from_config(
            pipe.scheduler.config, timestep_spacing="trailing"
        )
    if name.startswith("Wan"):
        pipe.scheduler = diffusers.UniPCMultistepScheduler.from_config(
            pipe.scheduler.config, flow_shift=3.0 if name == "Wan21" else 12.0
        )
    if name == "HunyuanVideo15":
        pipe.guider = pipe.guider.new(guidance_scale=6.0)
    size = {"height": 32, "width": 64 if name == "LTXVideo" else 48}
    generator = torch.Generator().manual_seed(1)
    made = pipe(
        order().caption,
        num_inference_steps=2,
        generator=generator,
        output_type="np",
        **size,
        **CALLS[name],
    )
    return made.frames[0]


@every
def test_a_video_has_its_frames_and_size(name, pair):
    for made in pair(name):
        frames, width = 7 if name == "Mochi" else 9, 64 if name == "LTXVideo" else 48
        assert made.error == ""
        assert made.frames.shape == (frames, 32, width, 3)
        assert made.frames.dtype == np.uint8
        assert made.frames.std() > 5
        assert made.fps > 0
        assert made.seconds > 0


@every
def test_it_is_what_a_direct_call_of_diffusers_gives(name, alone, find_folder, guardrail):
    expected = call_diffusers(name, find_folder(name), guardrail)
    assert np.array_equal(alone(name).frames, np.rint(expected * 255).astype(np.uint8))


@every
def test_another_seed_gives_another_video(name, pair):
    first, second = pair(name)
    assert (first.frames != second.frames).mean() > 0.3


@every
def test_a_seeds_video_does_not_depend_on_its_neighbours(name, pair, alone):
    together, by_itself = pair(name)[0].frames.astype(int), alone(name).frames.astype(int)
    # sums of more rows are rounded otherwise: one of 255 levels, here and there
    assert np.abs(together - by_itself).max() <= 1
    assert np.abs(together - by_itself).mean() < 0.01


@contextmanager
def watch(pipe: Any, part: str, seen: list[Any]):
    """Keep the tokens that an encoder is given."""

    def keep(module: Any, args: Any, kwargs: Any) -> None:
        seen.append((args[0] if args else kwargs["input_ids"])[0].tolist())

    handle = getattr(pipe, part).register_forward_pre_hook(keep, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()


def count_seen(tokenizer: Any, ids: list[int], *, clip: bool) -> int:
    """Count the tokens before the padding, which is the end mark itself for CLIP."""
    if clip:
        return ids.index(tokenizer.eos_token_id) + 1
    return sum(token != tokenizer.pad_token_id for token in ids)


@every
@pytest.mark.parametrize("text", [order().caption, LONG], ids=["short", "long"])
def test_tokens_are_counted_as_the_encoders_see_them(name, text, loaded):
    generator = loaded(name)
    counts = {}
    seen: dict[str, list[Any]] = {label: [] for label, *_ in ENCODERS[name]}
    with watch(generator._pipe, ENCODERS[name][0][1], seen[ENCODERS[name][0][0]]):
        if len(ENCODERS[name]) > 1:
            with watch(generator._pipe, ENCODERS[name][1][1], seen[ENCODERS[name][1][0]]):
                (made,) = make(generator, order(caption=text))
        else:
            (made,) = make(generator, order(caption=text))
    for label, part, limit, skipped in ENCODERS[name]:
        if not seen[label]:  # nothing is quoted in the short text
            continue
        tokenizer = getattr(generator._pipe, part.replace("text_encoder", "tokenizer"))
        kept = count_seen(tokenizer, seen[label][0], clip=label == "clip") - skipped
        count = generator.count_text(text)[label]
        counts[label] = count
        assert count.tokens - count.truncated == kept
        assert (count.truncated > 0) == (text == LONG)
        assert kept == limit or text != LONG
    assert made.text == text
    assert made.truncated == max(count.truncated for count in counts.values())
    assert made.tokens in [count.tokens for count in counts.values() if count.truncated == made.truncated]
    if len(counts) > 1:
        assert made.settings["truncated"] == {label: count.truncated for label, count in counts.items()}


@every
def test_the_tokens_of_a_short_text_are_those_of_its_tokenizer(name, find_folder, alone):
    from transformers import AutoTokenizer

    label, part, _, skipped = ENCODERS[name][0]
    folder = find_folder(name) / part.replace("text_encoder", "tokenizer")
    if label == "qwen":
        assert alone(name).tokens + skipped > len(order().caption)
    else:
        assert alone(name).tokens == len(AutoTokenizer.from_pretrained(folder)(order().caption).input_ids)
    assert alone(name).truncated == 0


def count_rows(generator: Any, parts: tuple[str, ...] = ("transformer",)) -> list[int]:
    """Count the videos that pass through the transformers while one is made."""
    rows = dict.fromkeys(parts, 0)
    handles = []
    for part in parts:

        def add(module: Any, args: Any, kwargs: Any, part: str = part) -> None:
            rows[part] += len(kwargs["hidden_states"])

        handles.append(getattr(generator._pipe, part).register_forward_pre_hook(add, with_kwargs=True))
    try:
        assert make(generator, order())[0].error == ""
    finally:
        for handle in handles:
            handle.remove()
    return list(rows.values())


def alter(generator: Any, **options: Any) -> Any:
    """Give a generator with other options on the pipeline that is loaded."""
    other = replace(generator, **options)
    other._pipe = generator._pipe
    other.adjust_pipeline(other._pipe)
    return other


@every
@pytest.mark.parametrize(("steps", "guidance"), [(3, 2.0), (2, 1.0)])
def test_steps_and_guidance_reach_the_network(name, steps, guidance, loaded):
    generator = loaded(name)
    other = alter(generator, steps=steps, guidance=guidance)
    parts = ("transformer", "transformer_2") if name == "Wan22" else ("transformer",)
    passes = steps * (1 if name == "HunyuanVideo" or guidance == 1 else 2)
    assert sum(count_rows(other, parts)) == passes
    assert f"{passes} passes" in other.describe_cost([order()])
    generator.adjust_pipeline(generator._pipe)


@every
def test_the_upsampled_caption_is_given_where_the_paper_gave_it(name, loaded):
    rich = order(upsampled="a red ball rolls slowly down the wooden ramp")
    (made,) = make(loaded(name), rich)
    assert made.text == (rich.caption if name == "HunyuanVideo" else rich.upsampled)


@every
def test_the_description_names_what_decides(name, create, loaded):
    described = loaded(name).describe()
    assert described["pipeline"] == type(loaded(name)._pipe).__name__
    assert len(described["weights"]) == 64
    assert described["steps"] == 2
    assert create(name).describe() == described
    assert create(name, steps=3).describe() != described
    assert create(name, offload="none", batch_size=2).describe() == described
