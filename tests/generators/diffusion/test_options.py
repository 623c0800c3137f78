"""Options are checked before anything is loaded, and what is said of a run needs no weights."""

from __future__ import annotations

import re

import pytest

from tests.generators.diffusion.orders import order
from videophy_lab.devices import DTYPES
from videophy_lab.generators import diffusion
from videophy_lab.generators.diffusion.placing import BYTES, choose_way, weigh_networks
from videophy_lab.registry import GENERATORS, find_class
from videophy_lab.weights.hub import HUB_WEIGHTS

CLASSES = [getattr(diffusion, name) for name in diffusion.__all__]
every = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)


@every
def test_the_specs_say_what_the_defaults_are(kind):
    specs, generator = kind.specs, kind()
    for name in ("height", "width", "frames", "fps", "steps", "guidance"):
        assert getattr(specs, name) == getattr(generator, name)
    assert specs.weights in HUB_WEIGHTS
    assert find_class(specs.name, "generators") is kind
    (size,) = re.findall(r"[\d.]+", specs.size)
    assert float(size) == pytest.approx(HUB_WEIGHTS[specs.weights].size / 1e9, abs=0.5)
    assert generator.batch_size == 1
    assert set(kind.precisions.values()) <= set(DTYPES)


def test_every_pipeline_is_registered():
    ours = [value for value in GENERATORS.values() if value.startswith("videophy_lab.generators.diffusion:")]
    assert sorted(value.split(":")[1] for value in ours) == sorted(diffusion.__all__)


@pytest.mark.parametrize(
    ("kind", "frames", "near"),
    [
        ("CogVideoX", 48, "41 or 49"),
        ("HunyuanVideo", 120, "117 or 121"),
        ("HunyuanVideo15", 120, "117 or 121"),
        ("Cosmos1", 120, "113 or 121"),
        ("Wan21", 80, "77 or 81"),
        ("Wan22", 79, "77 or 81"),
        ("Mochi", 84, "79 or 85"),
        ("LTXVideo", 144, "137 or 145"),
        ("LTXVideo", 0, "1 or 9"),
    ],
)
def test_a_number_of_frames_that_cannot_be_made_names_the_nearest(kind, frames, near):
    with pytest.raises(ValueError, match=f"frames is {frames};.*Allowed: {near} are the nearest"):
        getattr(diffusion, kind)(frames=frames)


@every
def test_a_side_that_cannot_be_made_names_the_nearest(kind):
    step = kind.network.side_step
    with pytest.raises(ValueError, match=f"height is {step + 1};.*Allowed: {step} or {2 * step} are"):
        kind(height=step + 1)
    with pytest.raises(ValueError, match=f"width is 0;.*Allowed: {step} or {2 * step} are the nearest"):
        kind(width=0)


def test_a_video_stays_below_six_seconds():
    with pytest.raises(ValueError, match=r"161 frames at 25 a second last 6\.4 s.*at most 149 frames"):
        diffusion.LTXVideo(frames=161)
    with pytest.raises(ValueError, match=r"49 frames at 8\.1 a second last 6\.0 s"):
        diffusion.CogVideoX(fps=8.1)
    assert diffusion.CogVideoX().frames == 49


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, "dtype is 'int8'. Allowed: 'auto', 'bf16'"),
        ({"captions": "both"}, "captions is 'both'. Allowed: 'auto', 'original', 'upsampled'"),
        ({"offload": "disk"}, "offload is 'disk'. Allowed: 'auto', 'none', 'model'"),
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"batch_size": 0}, "batch_size is 0; it must be at least 1"),
        ({"guidance": 0.0}, r"guidance is 0\.0; it must be above 0"),
        ({"tflops": float("nan")}, "tflops is nan; it must be above 0"),
        ({"flow_shift": -1.0}, r"flow_shift is -1\.0; it must be above 0"),
        ({"guidance_low": 0.0}, r"guidance_low is 0\.0; it must be above 0"),
    ],
)
def test_a_wrong_option_says_what_is_allowed(options, message):
    with pytest.raises(ValueError, match=message):
        diffusion.Wan22(**options)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("HunyuanVideo", {"true_guidance": 0.5}, "must be at least 1, which is none"),
        ("LTXVideo", {"decode_noise": 2.0}, "must lie between 0 and 1"),
        ("Cosmos1", {"fps": 29.97}, "whole frames a second, such as 30"),
    ],
)
def test_a_wrong_option_of_one_pipeline_says_what_is_allowed(kind, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(diffusion, kind)(**options)


def test_hours_follow_from_a_formula_and_meet_what_the_authors_print():
    # one H100: CogVideoX-5B 90 s, Cosmos-1.0-7B 380 s; one GPU for HunyuanVideo at 720p: 1904 s
    for kind, printed in (("CogVideoX", 90), ("Cosmos1", 380), ("HunyuanVideo", 1904)):
        said = getattr(diffusion, kind)().describe_cost([order()])
        seconds = float(said.split("1 video of about ")[1].split(" s")[0].replace(",", ""))
        assert seconds == pytest.approx(printed, rel=0.15)
    said = diffusion.Wan21(tflops=200.0).describe_cost([order()] * 1000)
    assert said.startswith("about 252.1 GPU hours: 1,000 videos of about 908 s (32,760 tokens, 100 passes, ")
    assert "assumed 200 Tflop/s" in said


def test_tokens_and_operations_are_counted():
    network = diffusion.CogVideoX.network
    assert network.count_tokens(49, 480, 720) == 13 * 30 * 45
    assert network.count_operations(10) == 2 * 5.57e9 * 10 + 4 * 42 * 3072 * 100


# --- precision and place


def test_the_authors_precision_is_taken_on_a_gpu(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert diffusion.HunyuanVideo().choose_dtypes() == {"default": "fp16", "transformer": "bf16"}
    assert diffusion.Wan21().choose_dtypes() == {"default": "bf16", "vae": "fp32"}
    assert diffusion.Wan21(device="cpu").choose_dtypes() == {"default": "fp32", "vae": "fp32"}
    assert diffusion.Wan21(dtype="fp16").choose_dtypes() == {"default": "fp16", "vae": "fp32"}
    assert diffusion.HunyuanVideo(dtype="bf16").choose_dtypes() == {"default": "bf16"}


def test_networks_are_weighed_in_their_precision():
    numbers = {"text_encoder": 10, "transformer": 100, "vae": 1}
    dtypes = {"default": "bf16", "vae": "fp32"}
    assert weigh_networks(numbers, dtypes, fp8=False) == {"text_encoder": 20, "transformer": 200, "vae": 4}
    assert weigh_networks(numbers, dtypes, fp8=True)["transformer"] == 100
    assert set(BYTES) == {*DTYPES, "fp8"}


@pytest.mark.parametrize(
    ("free", "way"), [(331, "none"), (330, "none"), (329, "model"), (300, "model"), (299, "group")]
)
def test_what_lies_on_a_gpu_follows_its_free_memory(free, way):
    assert choose_way(free, {"text_encoder": 30.0, "transformer": 200.0}, room=100.0) == way
