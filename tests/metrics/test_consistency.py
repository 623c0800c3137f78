"""Consistency by DINO and CLIP, against the published formula on tiny networks of the real classes."""

from __future__ import annotations

import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import ViTModel

from tests.metrics import tiny_networks as tiny
from videophy_lab.judges.base import Question
from videophy_lab.metrics import embedding
from videophy_lab.metrics.consistency import BackgroundConsistency, SubjectConsistency, consistency
from videophy_lab.weights import WeightsError

SIZES = [(90, 120), (121, 83), (224, 224), (100, 100), (31, 40), (240, 431), (225, 224), (7, 5)]


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Save a tiny DINO and a tiny CLIP; give the metrics on them and the networks."""
    rng, folder = np.random.default_rng(7), tmp_path_factory.mktemp("networks")
    dino, clip = tiny.save_dino(folder / "dino", rng), tiny.save_clip(folder / "clip", rng)
    return {
        "subject": SubjectConsistency(checkpoint=str(folder / "dino"), device="cpu"),
        "background": BackgroundConsistency(checkpoint=str(folder / "clip"), device="cpu"),
        "embed": {
            "subject": lambda frames: tiny.embed_by_dino(dino, frames),
            "background": lambda frames: tiny.embed_by_clip(clip, frames),
        },
        "folder": folder,
        "dino": dino,
    }


def compute_formula(embeddings: np.ndarray) -> float:
    """Compute the published formula frame by frame."""
    rows = [row / math.sqrt(sum(row**2)) for row in embeddings]
    likeness = [
        (max(0.0, float(rows[t - 1] @ rows[t])) + max(0.0, float(rows[0] @ rows[t]))) / 2
        for t in range(1, len(rows))
    ]
    return sum(likeness) / len(likeness)


# --- the formula


def test_formula_by_hand() -> None:
    half = math.sqrt(0.5)
    rows = np.array([[1, 0], [half, half], [0, 1], [-1, 0]])
    # t=1: cos 45° twice; t=2: (cos 45° + 0)/2; t=3: (0 + max(0, −1))/2
    assert consistency(rows) == pytest.approx((half + half / 2 + 0) / 3, abs=1e-15)
    # what points away counts 0, not −1, to the frame before as to the first: t=1: 0; t=2: (0 + 1)/2
    assert consistency(np.array([[1.0, 0], [-1, 0], [1, 0]])) == pytest.approx(0.25, abs=1e-15)


def test_the_length_of_an_embedding_does_not_matter(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(6, 5)) + 1
    assert consistency(rows * rng.uniform(0.1, 9, (6, 1))) == pytest.approx(consistency(rows), abs=1e-14)
    assert consistency(rows) == pytest.approx(compute_formula(rows), abs=1e-14)


def test_an_embedding_that_is_not_finite_is_not_taken_for_unlike() -> None:
    assert math.isnan(consistency(np.array([[1.0, 0], [math.nan, 0], [1, 0]])))
    assert consistency(np.array([[1.0, 0], [0, 0]])) == 0


# --- the networks


@pytest.mark.parametrize("which", ["subject", "background"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equal_to_the_published_formula(
    networks: dict, which: str, size: tuple[int, int], rng: np.random.Generator
) -> None:
    frames = tiny.make_pictures(rng, 4, *size)
    expected = compute_formula(networks["embed"][which](frames))
    assert expected < 0.999
    metric = networks[which]
    assert metric.measure(frames) == pytest.approx(expected, abs=1e-5)
    exact = type(metric)(checkpoint=metric.checkpoint, device="cpu")
    exact.prepare()
    exact._network.double()
    assert exact.measure(frames) == pytest.approx(expected, abs=1e-6)


def test_positions_are_those_of_dino_and_not_those_of_transformers(
    networks: dict, rng: np.random.Generator
) -> None:
    frames = tiny.make_pictures(rng, 2, 90, 160)
    own = networks["subject"].embed_frames(frames)
    by_hand = tiny.embed_by_dino(networks["dino"], frames)
    by_hand /= np.linalg.norm(by_hand, axis=1, keepdims=True)
    off = np.abs(own - by_hand).max()
    assert off < 5e-6
    pixels = tiny.resize_like_torchvision(frames, dino=True)
    with torch.no_grad():
        plain = networks["dino"](pixels, interpolate_pos_encoding=True).last_hidden_state[:, 0]
    plain = torch.nn.functional.normalize(plain, dim=-1).numpy()
    assert np.abs(plain - by_hand).max() > 100 * off


def test_layer_norms_are_those_of_dino_and_not_of_the_converted_settings(networks: dict) -> None:
    # facebookresearch/dino@7c446df, vision_transformer.py, vit_base: nn.LayerNorm with eps=1e-6
    assert networks["dino"].config.layer_norm_eps == 1e-12
    network = embedding.load_dino(networks["folder"] / "dino")
    norms = [part for part in network.modules() if isinstance(part, torch.nn.LayerNorm)]
    assert [norm.eps for norm in norms] == [1e-6] * (2 * tiny.LAYERS + 1)


@pytest.mark.parametrize("size", [(100, 100), (90, 160)])
def test_bicubic_positions_keep_the_class_token(networks: dict, size: tuple[int, int]) -> None:
    network = embedding.load_dino(networks["folder"] / "dino")
    height, width = embedding.find_size(*size)
    found = network.embeddings.interpolate_pos_encoding(None, height, width)
    learned = network.embeddings.position_embeddings
    assert found.shape[1] == 1 + (height // 32) * (width // 32)
    assert torch.equal(found[:, :1], learned[:, :1])
    assert torch.equal(found, learned) == (height == width)


@pytest.mark.parametrize("which", ["subject", "background"])
def test_a_still_picture_is_one_and_two_frames_are_enough(
    networks: dict, which: str, rng: np.random.Generator
) -> None:
    still = np.repeat(tiny.make_pictures(rng, 1), 5, axis=0)
    assert networks[which].measure(still) == pytest.approx(1, abs=1e-6)
    pair = tiny.make_pictures(rng, 2)
    rows = networks[which].embed_frames(pair).astype(float)
    assert networks[which].measure(pair) == pytest.approx(max(0, rows[0] @ rows[1]), abs=1e-6)


@pytest.mark.parametrize("which", ["subject", "background"])
def test_another_picture_in_ever_more_frames_lowers_it(
    networks: dict, which: str, rng: np.random.Generator
) -> None:
    first, other = tiny.make_pictures(rng, 2)
    # every second frame from the second on, so that each replacement adds cuts
    values = []
    for replaced in range(5):
        frames = np.repeat(first[None], 10, axis=0)
        frames[1 : 2 * replaced : 2] = other
        values.append(networks[which].measure(frames))
    assert values[0] == pytest.approx(1, abs=1e-6)
    assert all(np.diff(values) < -0.01)


@pytest.mark.parametrize("which", ["subject", "background"])
def test_drift_lowers_it(networks: dict, which: str, rng: np.random.Generator) -> None:
    first, last = tiny.make_pictures(rng, 2).astype(float)
    values = []
    for reach in (0, 0.25, 0.5, 0.75, 1):
        shares = np.linspace(0, reach, 8)[:, None, None, None]
        values.append(
            networks[which].measure(np.round((1 - shares) * first + shares * last).astype(np.uint8))
        )
    assert all(np.diff(values) < 0)


@pytest.mark.parametrize("which", ["subject", "background"])
def test_chunks_do_not_change_the_number(networks: dict, which: str, rng: np.random.Generator) -> None:
    frames, metric = tiny.make_pictures(rng, 7), networks[which]
    whole = metric.measure(frames)
    for chunk in (1, 3, 7):
        parted = type(metric)(checkpoint=metric.checkpoint, device="cpu", chunk=chunk)
        assert next(len(part) for part in parted.split_frames(frames)) == chunk
        assert parted.measure(frames) == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize("which", ["subject", "background"])
def test_fewer_than_two_frames_are_unscored(networks: dict, which: str, rng: np.random.Generator) -> None:
    metric = networks[which]
    for count in (0, 1):
        clip = tiny.make_clip(tiny.make_pictures(rng, count))
        [[answer]] = metric.score([clip], [[Question(metric.card.name)]])
        assert math.isnan(answer.score)
        assert (answer.status, answer.error) == (
            "unscored",
            f"{metric.card.name} needs 2 or more frames; the video has {count}",
        )


@pytest.mark.parametrize("which", ["subject", "background"])
def test_a_clip_is_scored_from_read_only_frames(networks: dict, which: str, rng: np.random.Generator) -> None:
    metric, frames = networks[which], tiny.make_pictures(rng, 3)
    [[answer]] = metric.score([tiny.make_clip(frames)], [[Question(metric.card.name)]])
    assert (answer.score, answer.status) == (metric.measure(frames), "ok")


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("which", ["subject", "background"])
def test_other_precisions_are_near(networks: dict, which: str, dtype: str, rng: np.random.Generator) -> None:
    metric, frames = networks[which], tiny.make_pictures(rng, 4)
    rough = type(metric)(checkpoint=metric.checkpoint, device="cpu", dtype=dtype)
    assert rough.measure(frames) == pytest.approx(metric.measure(frames), abs=0.03)
    assert rough.describe()["dtype"] == dtype


def test_describe_names_the_weights_and_what_else_decides(networks: dict) -> None:
    metric = networks["subject"]
    said = metric.describe()
    assert said["scorer"] == "subject_consistency"
    assert (said["frames"]["rule"], said["dtype"], len(said["weights"])) == ("all", "fp32", 64)
    assert said == SubjectConsistency(checkpoint=metric.checkpoint, device="cpu", chunk=3).describe()
    assert metric.find_absent() == ""


# --- loading


def test_only_what_is_not_expected_is_reported(
    tmp_path: Path, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("transformers")
    logger.addHandler(caplog.handler)
    try:
        tiny.save_clip(tmp_path, rng)
        caplog.clear()
        embedding.load_clip(tmp_path)
        assert caplog.text == ""
    finally:
        logger.removeHandler(caplog.handler)
    tiny.change_file(tmp_path, {"vision_model.stranger.weight": torch.zeros(2)})
    with pytest.warns(UserWarning, match=r"has 1 tensors that CLIP has no use for \(\S*stranger\.weight\)"):
        embedding.load_clip(tmp_path)


def test_a_pooler_is_not_missed(tmp_path: Path, rng: np.random.Generator) -> None:
    dino = tiny.save_dino(tmp_path, rng)
    pooled = ViTModel(dino.config)
    pooled.load_state_dict(dino.state_dict(), strict=False)
    pooled.save_pretrained(tmp_path / "pooled")
    frames = tiny.make_pictures(rng, 3)
    values = [
        SubjectConsistency(checkpoint=str(folder), device="cpu").measure(frames)
        for folder in (tmp_path, tmp_path / "pooled")
    ]
    assert values[0] == values[1]


def test_the_tower_alone_is_as_good_as_all_of_clip(tmp_path: Path, rng: np.random.Generator) -> None:
    tiny.save_clip_tower(tmp_path, rng)
    frames = tiny.make_pictures(rng, 3)
    values = [
        BackgroundConsistency(checkpoint=str(folder), device="cpu").measure(frames)
        for folder in (tmp_path, tmp_path / "whole")
    ]
    assert values[0] == values[1]


@pytest.mark.parametrize(
    ("key", "load"),
    [("visual_projection.weight", embedding.load_clip), ("layernorm.weight", embedding.load_dino)],
)
def test_missing_tensors_are_refused(tmp_path: Path, rng: np.random.Generator, key: str, load) -> None:
    (tiny.save_clip if load is embedding.load_clip else tiny.save_dino)(tmp_path, rng)
    tiny.change_file(tmp_path, {}, removed=[key])
    with pytest.raises(WeightsError, match=rf"do not fit (CLIP|DINO): 1 missing \({key}\)\. Remedy"):
        load(tmp_path)


def test_tensors_of_another_shape_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    tiny.save_dino(tmp_path, rng)
    tiny.change_file(tmp_path, {"layernorm.weight": torch.ones(5)})
    with pytest.raises(
        WeightsError, match=r"do not fit DINO: 1 of another shape \(layernorm\.weight\)\. Remedy"
    ):
        embedding.load_dino(tmp_path)


def test_a_damaged_file_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    tiny.save_dino(tmp_path, rng)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(WeightsError, match=r"cannot be read as DINO .*Remedy"):
        embedding.load_dino(tmp_path)


@pytest.mark.parametrize("metric", [SubjectConsistency, BackgroundConsistency])
@pytest.mark.parametrize(
    "settings",
    [{"model_type": "llama", "hidden_size": 32}, {"model_type": "own", "hidden_size": 32}, {}],
    ids=["another", "unknown", "none"],
)
def test_another_network_is_refused(
    tmp_path: Path, metric: type, settings: dict, capfd: pytest.CaptureFixture
) -> None:
    # 32 is no multiple of the heads that a ViT and a CLIP have unless told otherwise
    save_file({"layers.0.weight": torch.ones(2)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises(WeightsError, match=r"(cannot be read as|do not fit) (DINO|CLIP).*Remedy"):
        metric(checkpoint=str(tmp_path), device="cpu").prepare()
    assert "[transformers]" not in capfd.readouterr().err


def test_a_clip_for_other_pictures_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    tiny.save_clip(tmp_path, rng, image=112)
    with pytest.raises(WeightsError, match=r"looks at pictures of 112 pixels.*defined on 224"):
        BackgroundConsistency(checkpoint=str(tmp_path), device="cpu").prepare()


# --- resizing


@pytest.mark.parametrize("size", [*SIZES, (704, 1280), (223, 401), (225, 401), (480, 323)], ids=str)
@pytest.mark.parametrize("dino", [False, True])
def test_frames_are_resized_as_torchvision_does(
    size: tuple[int, int], dino: bool, rng: np.random.Generator
) -> None:
    frames = rng.integers(0, 256, (2, *size, 3), dtype=np.uint8)
    prepare = embedding.VBENCH_DINO if dino else embedding.VBENCH_CLIP
    found = prepare(torch.tensor(frames).permute(0, 3, 1, 2).float())
    expected = tiny.resize_like_torchvision(frames, dino=dino)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-6


def test_overshoots_are_kept(rng: np.random.Generator) -> None:
    frames = np.zeros((1, 60, 60, 3), dtype=np.uint8)
    frames[:, :, 30:] = 255
    mean, std = (torch.tensor(values)[:, None, None] for values in tiny.CLIP_NORM)
    values = embedding.VBENCH_CLIP(torch.tensor(frames).permute(0, 3, 1, 2).float()) * std + mean
    assert values.min() < -0.02
    assert values.max() > 1.02
