"""Aesthetic quality, against the published formulas on a tiny CLIP of the real classes."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from tests.metrics import tiny_networks as tiny
from videophy_lab.judges.base import Question, make_spec
from videophy_lab.metrics import aesthetic, embedding
from videophy_lab.metrics.aesthetic import AestheticQuality, AestheticV2, apply_head, read_head
from videophy_lab.places import hash_file
from videophy_lab.weights import WeightsError, files

METRICS = {"v1": AestheticQuality, "v2": AestheticV2}
V1_WIDTHS, V2_WIDTHS = (768, 1), (768, 1024, 128, 64, 16, 1)
SIZES = [(90, 120), (121, 83), (224, 224), (31, 40), (240, 431), (225, 224), (7, 5)]


def make_head(which: str, width: int = tiny.CLIP_WIDTH) -> torch.nn.Module:
    """Make a head of the published form, in modules of torch."""
    linear, dropout = torch.nn.Linear, torch.nn.Dropout
    if which == "v1":
        return linear(width, 1)
    network = torch.nn.Module()
    network.layers = torch.nn.Sequential(
        linear(width, 1024), dropout(0.2), linear(1024, 128), dropout(0.2), linear(128, 64), dropout(0.1),
        linear(64, 16), linear(16, 1),
    )  # fmt: skip
    network.forward = network.layers.forward
    return network


def save_head(
    path: Path, which: str, rng: np.random.Generator, width: int = tiny.CLIP_WIDTH
) -> torch.nn.Module:
    """Save a head with random weights as the published one is saved; give its modules."""
    scale = {"v1": 1.0, "v2": 0.1}[which]
    head = tiny.fill_weights(make_head(which, width), rng, scale=scale)
    torch.save(head.state_dict(), path)
    return head


@pytest.fixture(scope="module", params=["v1", "v2"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Save a tiny CLIP and a head; give the metric on them and the networks."""
    rng, folder = np.random.default_rng(3), tmp_path_factory.mktemp(request.param)
    clip, head = tiny.save_clip(folder, rng), save_head(folder / "head.pth", request.param, rng)
    options = {"checkpoint": str(folder), "head": str(folder / "head.pth"), "device": "cpu"}
    metric = METRICS[request.param](**options)
    return {"which": request.param, "metric": metric, "clip": clip, "head": head, "options": options}


def prepare_by_pillow(frames: np.ndarray) -> torch.Tensor:
    """Prepare frames by CLIP's own steps: Pillow's bicubic interpolation, the central square."""
    steps = [
        transforms.Resize(224, interpolation=transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize(*tiny.CLIP_NORM),
    ]
    return torch.stack([transforms.Compose(steps)(Image.fromarray(frame)) for frame in frames])


def compute_by_torch(case: dict, frames: np.ndarray) -> float:
    """Compute the published formula in modules of torch, in 64 bits after CLIP."""
    if case["which"] == "v1":
        pixels = tiny.resize_like_torchvision(frames, dino=False)
    else:
        pixels = embedding.OWN_CLIP(torch.tensor(frames).permute(0, 3, 1, 2).float())
    with torch.no_grad():
        features = case["clip"].get_image_features(pixels).pooler_output.double()
        features = features / features.norm(dim=-1, keepdim=True)
        scores = make_head(case["which"])
        scores.load_state_dict(case["head"].state_dict())
        values = scores.double().eval().forward(features)[:, 0]
    return float(values.mean()) / (10 if case["which"] == "v1" else 1)


# --- the head


@pytest.mark.parametrize(("which", "widths"), [("v1", V1_WIDTHS), ("v2", V2_WIDTHS)])
def test_the_head_is_the_published_linear_formula(
    tmp_path: Path, which: str, widths: tuple[int, ...], rng: np.random.Generator
) -> None:
    head = save_head(tmp_path / "head.pth", which, rng, width=768)
    layers = read_head(tmp_path / "head.pth", METRICS[which].keys)
    assert [weight.shape for weight, _ in layers] == list(zip(widths[1:], widths[:-1], strict=True))
    features = rng.normal(size=(50, 768)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    found = apply_head(features, layers)
    with torch.no_grad():
        by_torch = head.double().forward(torch.tensor(features).double())[:, 0].numpy()
    by_sums = [
        features[:3].astype(np.float64),
        *[tensor.double().numpy() for tensor in head.state_dict().values()],
    ]
    values = by_sums[0]
    for weight, bias in zip(by_sums[1::2], by_sums[2::2], strict=True):
        values = np.array(
            [
                [math.fsum(row * unit) + shift for unit, shift in zip(weight, bias, strict=True)]
                for row in values
            ]
        )
    assert np.ptp(by_torch) > 0.1
    assert found == pytest.approx(by_torch, abs=1e-6)
    assert found[:3] == pytest.approx(values[:, 0], abs=1e-9)


def test_the_five_layers_are_one_affine_map(tmp_path: Path, rng: np.random.Generator) -> None:
    save_head(tmp_path / "head.pth", "v2", rng, width=768)
    layers = read_head(tmp_path / "head.pth", AestheticV2.keys)
    slope, shift = np.eye(768), np.zeros(768)
    for weight, bias in layers:
        slope, shift = weight @ slope, weight @ shift + bias
    features = rng.normal(size=(20, 768)) / math.sqrt(768)
    assert apply_head(features, layers) == pytest.approx((features @ slope.T + shift)[:, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state | {"extra": torch.zeros(1)}, "is another head than this metric's"),
        (lambda state: {"weight": state["weight"]}, "is another head than this metric's"),
        (lambda state: [*state.values()], "is another head than this metric's"),
        (lambda state: state | {"bias": torch.zeros(2)}, "the last give one number"),
        (lambda state: state | {"weight": torch.zeros(12)}, "the last give one number"),
        (lambda state: {"weight": torch.zeros(2, 12), "bias": torch.zeros(2)}, "the last give one number"),
    ],
)
def test_another_head_is_refused(tmp_path: Path, change, said: str) -> None:
    torch.save(change({"weight": torch.zeros(1, 12), "bias": torch.zeros(1)}), tmp_path / "head.pth")
    with pytest.raises(WeightsError, match=said):
        read_head(tmp_path / "head.pth", ("",))


def test_layers_that_do_not_fit_each_other_are_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    state = save_head(tmp_path / "head.pth", "v2", rng).state_dict()
    state["layers.4.weight"] = torch.zeros(64, 127)
    torch.save(state, tmp_path / "head.pth")
    with pytest.raises(WeightsError, match="each must take what the one before gives"):
        read_head(tmp_path / "head.pth", AestheticV2.keys)


def test_nothing_but_tensors_is_unpickled(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self):
            return (Path.write_text, (tmp_path / "ran", "it"))

    torch.save({"weight": Evil(), "bias": torch.zeros(1)}, tmp_path / "head.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Evil(), protocol=2))
    for name in ("head.pth", "plain.pth"):
        with pytest.raises(WeightsError, match=r"cannot be read as a head .*Remedy"):
            read_head(tmp_path / name, ("",))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("body", [b"", b"<!doctype html>", b"PK\x03\x04 cut off"])
def test_a_damaged_head_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "head.pth").write_bytes(body)
    with pytest.raises(WeightsError, match=r"cannot be read as a head .*Remedy"):
        read_head(tmp_path / "head.pth", ("",))


# --- the metric


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equal_to_the_published_formula(case: dict, size: tuple[int, int], rng: np.random.Generator) -> None:
    frames = tiny.make_pictures(rng, 3, *size)
    expected = compute_by_torch(case, frames)
    assert case["metric"].measure(frames) == pytest.approx(expected, abs=1e-6)


def test_a_video_has_the_mean_of_its_frames_in_any_order(case: dict, rng: np.random.Generator) -> None:
    frames, metric = tiny.make_pictures(rng, 5), case["metric"]
    single = [metric.measure(frame[None]) for frame in frames]
    assert np.ptp(single) > 0.01
    assert metric.measure(frames) == pytest.approx(np.mean(single), abs=1e-6)
    assert metric.measure(frames[::-1]) == pytest.approx(metric.measure(frames), abs=1e-6)


def test_the_unit_is_that_of_the_card(case: dict, rng: np.random.Generator) -> None:
    # a head that gives 7 to every picture
    metric, frames = case["metric"], tiny.make_pictures(rng, 2)
    metric.prepare()
    constant = type(metric)(**case["options"])
    constant.prepare()
    constant._layers = [(np.zeros_like(weight), np.zeros_like(bias)) for weight, bias in metric._layers]
    constant._layers[-1][1][:] = 7
    assert constant.measure(frames) == pytest.approx({"v1": 0.7, "v2": 7}[case["which"]], abs=1e-12)


def test_it_grows_along_the_direction_of_the_head(case: dict, rng: np.random.Generator) -> None:
    metric = case["metric"]
    pictures = tiny.make_pictures(rng, 30)
    # in the order of the published formula
    order = np.argsort([compute_by_torch(case, picture[None]) for picture in pictures])
    low, high = pictures[order[0]], pictures[order[-1]]
    # ever more of the frames are the better picture
    values = [
        metric.measure(np.stack([high if place < better else low for place in range(6)]))
        for better in range(7)
    ]
    assert all(np.diff(values) > 0.001)
    sorted_by = [metric.measure(pictures[order[start : start + 3]]) for start in range(0, 30, 3)]
    assert all(np.diff(sorted_by) > 0)


def test_chunks_do_not_change_the_number(case: dict, rng: np.random.Generator) -> None:
    frames = tiny.make_pictures(rng, 7)
    whole = case["metric"].measure(frames)
    for chunk in (1, 3):
        parted = type(case["metric"])(**case["options"], chunk=chunk)
        assert parted.measure(frames) == pytest.approx(whole, abs=1e-6)


def test_a_long_video_is_never_one_tensor_of_floats(case: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    metric, seen = type(case["metric"])(**case["options"], chunk=4), []
    split = type(metric).split_frames

    def watch(self, frames):
        for part in split(self, frames):
            seen.append(tuple(part.shape))
            yield part

    monkeypatch.setattr(type(metric), "split_frames", watch)
    metric.measure(np.zeros((10, 60, 80, 3), dtype=np.uint8))
    assert seen == [(4, 3, 60, 80), (4, 3, 60, 80), (2, 3, 60, 80)]


def test_no_frames_are_unscored(case: dict, rng: np.random.Generator) -> None:
    metric = case["metric"]
    [[none], [one]] = metric.score(
        [tiny.make_clip(tiny.make_pictures(rng, count)) for count in (0, 1)],
        [[Question(metric.card.name)]] * 2,
    )
    assert math.isnan(none.score)
    assert (none.status, none.error) == (
        "unscored", f"{metric.card.name} needs 1 or more frames; the video has 0"
    )  # fmt: skip
    assert one.status == "ok"
    assert math.isfinite(one.score)


def test_frames_of_another_kind_are_refused(case: dict) -> None:
    with pytest.raises(ValueError, match="allowed are RGB frames of uint8"):
        case["metric"].measure(np.zeros((2, 9, 9, 3), dtype=np.float32))


@pytest.mark.parametrize("size", [*SIZES, (704, 1280), (480, 323)], ids=str)
def test_v2_sees_what_clip_itself_would_see(size: tuple[int, int], rng: np.random.Generator) -> None:
    frames = rng.integers(0, 256, (2, *size, 3), dtype=np.uint8)
    found = embedding.OWN_CLIP(torch.tensor(frames).permute(0, 3, 1, 2).float())
    grey_levels = 255 * torch.tensor(tiny.CLIP_NORM[1])[:, None, None]
    off = ((found - prepare_by_pillow(frames)) * grey_levels).abs()
    # Pillow's weights are whole numbers, so that a half may be rounded to the other side
    assert off.max() < 1.001
    assert (off > 0.5).float().mean() < 0.002


def test_the_two_see_a_fine_pattern_differently() -> None:
    frames = np.zeros((1, 896, 896, 3), dtype=np.uint8)
    frames[:, ::4] = 255
    pixels = torch.tensor(frames).permute(0, 3, 1, 2).float()
    # every fourth row is white: a filter makes a quarter of grey of it, a point of it hits no white row
    assert embedding.OWN_CLIP(pixels)[0, 0, 112, 112] != embedding.VBENCH_CLIP(pixels)[0, 0, 112, 112]


# --- what is said


def test_describe_names_head_weights_and_what_else_decides(case: dict, tmp_path: Path) -> None:
    metric = case["metric"]
    said = metric.describe()
    assert said["scorer"] == metric.card.name
    assert said["head"] == hash_file(Path(metric.head))
    assert (said["dtype"], said["frames"]["rule"], len(said["weights"])) == ("fp32", "all", 64)
    assert make_spec(type(metric)(**case["options"], chunk=2).describe()) == make_spec(said)
    other = tmp_path / "other.pth"
    save_head(other, case["which"], np.random.default_rng(9))
    assert make_spec(type(metric)(**case["options"] | {"head": str(other)}).describe()) != make_spec(said)


def test_what_is_absent_is_said(case: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))
    metric = case["metric"]
    assert metric.find_absent() == ""
    head = f"the file {metric.published.name}, "
    assert type(metric)(checkpoint=metric.checkpoint).find_absent().startswith(head)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(
        "videophy_lab.judges.base_network.describe_absent",
        lambda source, revision, layout: f"the weights {source}, 1.7 GB",
    )
    both = type(metric)().find_absent()
    assert both.startswith(f"the weights openai/clip-vit-large-patch14, 1.7 GB; {head}")


def test_a_head_of_another_clip_is_refused(case: dict, tmp_path: Path, rng: np.random.Generator) -> None:
    save_head(tmp_path / "head.pth", case["which"], rng, width=768)
    metric = type(case["metric"])(**case["options"] | {"head": str(tmp_path / "head.pth")})
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"embeds into 12 numbers, and the head takes 768\. Remedy"):
            metric.prepare()


def test_without_a_network_the_message_says_what_to_type(
    case: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = type(case["metric"])(checkpoint=case["options"]["checkpoint"], device="cpu")
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(files, "FIRST_WAIT_S", 0)
    monkeypatch.setattr("requests.get", refuse)
    with pytest.raises(WeightsError) as caught:
        metric.prepare()
    assert f"curl -fL -o {metric.published.name} {metric.published.url}" in str(caught.value)
    assert f"--option {metric.card.name}.head=FILE" in str(caught.value)


def refuse(*args, **kwargs):
    import requests

    raise requests.ConnectionError("no route to host")


def test_a_published_head_is_taken_from_the_cache(
    case: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = type(case["metric"])(checkpoint=case["options"]["checkpoint"], device="cpu")
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path))
    body = Path(case["options"]["head"]).read_bytes()
    (tmp_path / metric.published.name).write_bytes(body)
    monkeypatch.setattr(type(metric), "published", aesthetic.WeightFile(
        metric.published.name, "http://127.0.0.1:9", hash_file(Path(case["options"]["head"])), len(body), "x"
    ))  # fmt: skip
    frames = tiny.make_pictures(np.random.default_rng(1), 2)
    assert metric.measure(frames) == case["metric"].measure(frames)
    assert metric.describe() == case["metric"].describe()
