"""What only one of the pipelines has."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.generators.diffusion.orders import make, order
from tests.generators.diffusion.test_pipelines import alter, count_rows
from tests.generators.diffusion.tiny_pipelines import build_ltx
from videophy_lab.generators import diffusion


def test_both_networks_of_wan22_run_and_have_their_guidance(loaded):
    generator = loaded("Wan22")
    other = alter(generator, steps=4)
    noisy, rest = count_rows(other, ("transformer", "transformer_2"))
    assert noisy > 0
    assert rest > 0
    assert noisy + rest == 8
    (before,) = make(other, order())
    (after,) = make(alter(other, guidance_low=9.0), order())
    assert (before.frames != after.frames).any()
    generator.adjust_pipeline(generator._pipe)


def test_wan22_refuses_a_checkpoint_with_one_network(create, find_folder):
    with pytest.raises(ValueError, match=r"has one transformer.*Remedy: take the generator wan2_1_14b"):
        create("Wan22", checkpoint=str(find_folder("Wan21"))).prepare()


def test_the_shift_of_wan_follows_the_size():
    assert diffusion.Wan21().shift == 3.0
    assert diffusion.Wan21(height=720, width=1280).shift == 5.0
    assert diffusion.Wan21(flow_shift=8.0).shift == 8.0
    assert diffusion.Wan22().shift == 12.0


def test_wan_tells_how_it_cleaned_a_text(loaded):
    (made,) = make(loaded("Wan21"), order(caption="a  red &amp; wooden ball "))
    assert made.text == "a  red &amp; wooden ball "
    assert made.settings["cleaned_text"] == "a red & wooden ball"


def test_the_guidance_of_hunyuan_that_is_told_to_it_changes_the_video(loaded):
    generator = loaded("HunyuanVideo")
    (before,), (after,) = make(generator, order()), make(alter(generator, guidance=1.5), order())
    assert (before.frames != after.frames).any()


def test_hunyuan_can_be_led_away_from_a_text_with_a_second_pass(loaded):
    other = alter(loaded("HunyuanVideo"), true_guidance=4.0, negative_prompt="water in a glass")
    assert count_rows(other) == [4]
    assert "4 passes" in other.describe_cost([order()])
    together = make(other, order(1), order(2))
    assert [made.error for made in together] == ["", ""]


def test_hunyuan_says_that_a_negative_prompt_alone_does_nothing():
    with pytest.raises(ValueError, match=r"no effect on this network by itself\. Remedy: give true_guid"):
        diffusion.HunyuanVideo(negative_prompt="blur")


@pytest.mark.parametrize("name", ["CogVideoX", "Wan21", "HunyuanVideo15", "Mochi"])
def test_a_negative_prompt_changes_the_video(name, loaded):
    generator = loaded(name)
    (before,), (after,) = (
        make(generator, order()),
        make(alter(generator, negative_prompt="water stops"), order()),
    )
    assert (before.frames != after.frames).any()


def test_the_guidance_of_cogvideox_grows_unless_told_not_to(loaded):
    generator = loaded("CogVideoX")
    (before,), (after,) = make(generator, order()), make(alter(generator, dynamic_guidance=False), order())
    assert (before.frames != after.frames).any()


def test_cosmos_refuses_a_text_and_makes_the_others(loaded):
    refused, made = make(loaded("Cosmos1"), order(caption="a forbidden ball"), order(2))
    assert "Guardrail detected unsafe text" in refused.error
    assert refused.frames is None
    assert refused.text == "a forbidden ball"
    assert made.frames.shape == (9, 32, 48, 3)


def test_cosmos_does_not_run_without_its_guardrail(create, monkeypatch):
    monkeypatch.setitem(sys.modules, "cosmos_guardrail", None)
    with pytest.raises(ImportError, match=r"licence demands.*Remedy: pip install .*cosmos_guardrail"):
        create("Cosmos1").prepare()


def test_a_guardrail_without_weights_says_what_to_accept(create, guardrail, monkeypatch):
    def fail(self):
        raise OSError("403 gated")

    monkeypatch.setattr(guardrail, "__init__", fail)
    with pytest.raises(ValueError, match=r"no weights \(403 gated\)\. Remedy: accept the terms of .*hf auth"):
        create("Cosmos1").prepare()


def test_the_frames_of_cosmos_pass_through_its_guardrail(loaded, guardrail, monkeypatch):
    monkeypatch.setattr(guardrail, "check_video_safety", lambda self, frames: np.zeros_like(frames))
    (made,) = make(loaded("Cosmos1"), order())
    assert made.frames.max() == 0
    monkeypatch.setattr(guardrail, "check_video_safety", lambda self, frames: None)
    (made,) = make(loaded("Cosmos1"), order())
    assert made.frames is None
    assert made.error


def test_the_first_version_of_ltx_takes_no_noise_to_decode(loaded):
    generator = loaded("LTXVideo")
    other = alter(generator, decode_noise=0.9)
    (before,), (after,) = make(generator, order()), make(other, order())
    assert np.array_equal(before.frames, after.frames)
    assert generator.describe() != other.describe()


def test_later_versions_of_ltx_are_given_noise_to_decode(create, tmp_path):
    build_ltx(timestep_conditioning=True).save_pretrained(tmp_path / "later")
    generator = create("LTXVideo", checkpoint=str(tmp_path / "later"))
    (first, second), (alone,) = make(generator, order(1), order(2)), make(generator, order(2))
    (noisier,) = make(alter(generator, decode_noise=0.9), order(1))
    assert (first.frames != noisier.frames).any()
    assert np.abs(second.frames.astype(int) - alone.frames.astype(int)).max() <= 1


def test_what_is_quoted_is_counted_for_byt5(loaded):
    counts = loaded("HunyuanVideo15").count_text('a ball with the words "stop" and "go" rolls')
    assert set(counts) == {"qwen", "byt5"}
    assert counts["byt5"].tokens == len('Text "stop". Text "go". ') + 1
    assert set(loaded("HunyuanVideo15").count_text("a ball rolls")) == {"qwen"}
