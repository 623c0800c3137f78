"""VideoCrafter2 from options to frames, with tiny networks that are loaded from folders."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.datasets import conftest as datasets
from tests.generators.videocrafter2_cases import (
    GOLDEN,
    TINY,
    TinyVideoCrafter2,
    make_generator,
    make_order,
    write_checkpoint,
    write_words,
)
from tests.weights.test_hub import publish
from videophy_lab.generators import videocrafter2_files
from videophy_lab.generators.base import GeneratorStoppedError, Made, Order
from videophy_lab.generators.networks import videocrafter2_running
from videophy_lab.generators.videocrafter2 import VideoCrafter2
from videophy_lab.weights import WeightsError, resolve_checkpoint

SECOND = "Water pours into a cup."
hub = datasets.hub


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("videocrafter2"))


@pytest.fixture(scope="module")
def generator(folder: Path) -> TinyVideoCrafter2:
    made = make_generator(folder)
    made.prepare()
    return made


def make(generator: VideoCrafter2, *orders: Order) -> list[Made]:
    found = dict(enumerate(generator.make(orders, folder=Path("unused"))))
    assert [order for order, _ in found.values()] == list(orders)
    return [made for _, made in found.values()]


def give_frames(made: Made) -> np.ndarray:
    assert made.frames is not None, made.error
    return made.frames


def test_the_whole_way_ends_at_the_frames_of_the_original(generator: TinyVideoCrafter2) -> None:
    golden = np.load(GOLDEN / "outputs.npz")["frames"]
    for order, wanted in zip((make_order(), make_order(SECOND, 12)), golden, strict=True):
        (made,) = make(generator, order)
        frames = give_frames(made)
        assert frames.dtype == np.uint8
        assert frames.shape == (3, 16, 16, 3)
        assert np.abs(frames.astype(int) - wanted).max() <= 1
        assert (frames != wanted).mean() < 0.01
        assert (made.fps, made.error) == (10.0, "")


def test_a_seed_gives_the_same_video_and_another_one_another(generator: TinyVideoCrafter2) -> None:
    first, again, other = (give_frames(make(generator, make_order(seed=seed))[0]) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


def test_a_batch_gives_what_they_give_one_by_one(generator: TinyVideoCrafter2) -> None:
    orders = [make_order(), make_order(SECOND, 12)]
    together = [give_frames(made) for made in make(generator, *orders)]
    alone = [give_frames(make(generator, order)[0]) for order in orders]
    for one, other in zip(together, alone, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


@pytest.mark.parametrize(
    "options",
    [{"guidance": 1.0}, {"eta": 0.0}, {"conditional_fps": 8}, {"steps": 4}],
    ids=lambda options: next(iter(options)),
)
def test_every_option_of_the_sampler_changes_the_video(
    folder: Path, generator: TinyVideoCrafter2, options: dict[str, float]
) -> None:
    other = make_generator(folder, **options)
    other._networks, other._words = generator._networks, generator._words
    apart = give_frames(make(other, make_order())[0]) != give_frames(make(generator, make_order())[0])
    assert apart.mean() > 0.5
    assert other.describe() != generator.describe()


def test_half_precision_is_close(folder: Path, generator: TinyVideoCrafter2) -> None:
    half = make_generator(folder, dtype="bf16")
    half.prepare()
    assert half._networks.unet.dtype == torch.bfloat16
    assert half._networks.vae.dtype == half._networks.text.dtype == torch.float32
    frames = give_frames(make(half, make_order())[0]).astype(int)
    assert np.abs(frames - give_frames(make(generator, make_order())[0])).mean() < 10


def test_a_long_caption_is_cut_and_that_is_recorded(generator: TinyVideoCrafter2) -> None:
    text = "a ball rolls " * 40
    (long,) = make(generator, make_order(text))
    assert (long.text, long.tokens, long.truncated) == (text, 122, 45)
    (cut,) = make(generator, make_order(" ".join(text.split()[:75])))
    assert (cut.tokens, cut.truncated) == (77, 0)
    assert np.array_equal(give_frames(long), give_frames(cut))


def test_the_original_caption_is_taken_unless_the_other_is_demanded(
    folder: Path, generator: TinyVideoCrafter2
) -> None:
    order = Order("v", "p", 1, "A ball rolls.", upsampled="A red ball slowly rolls down.")
    assert make(generator, order)[0].text == "A ball rolls."
    other = make_generator(folder, captions="upsampled")
    other._networks, other._words = generator._networks, generator._words
    bare, long = make(other, make_order(), order)
    assert bare.frames is None
    assert "has no upsampled caption" in bare.error
    assert long.text == order.upsampled
    assert long.frames is not None


def test_numbers_that_are_none_are_a_reason_and_no_video(
    generator: TinyVideoCrafter2, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = type(generator._networks.unet).predict_noise

    def overflow(network: object, latents: torch.Tensor, *given: object) -> torch.Tensor:
        predicted: torch.Tensor = predict(network, latents, *given)
        predicted[0, 0, 0, 0, 0] = torch.inf
        return predicted

    monkeypatch.setattr(type(generator._networks.unet), "predict_noise", overflow)
    bad, good = make(generator, make_order(), make_order(SECOND))
    assert bad.frames is None
    assert "not finite. Remedy: -o dtype=fp32" in bad.error
    assert good.frames is not None


def test_a_full_memory_ends_the_run(generator: TinyVideoCrafter2, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*given: object, **options: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(videocrafter2_running, "sample_latents", fill)
    with pytest.raises(GeneratorStoppedError, match=r"too small for 1 videos .*Remedy: -o batch_size=1"):
        make(generator, make_order())


def test_the_description_holds_the_content_of_the_files(folder: Path, tmp_path: Path) -> None:
    first = make_generator(folder).describe()
    assert first["weights"].keys() == {"network", "tokenizer"}
    assert (first["dtype"], first["captions"], first["size"]) == ("fp32", "original", [3, 16, 16])
    shutil.copytree(folder, tmp_path / "other")
    assert make_generator(tmp_path / "other").describe() == first
    assert make_generator(tmp_path / "other" / "model.ckpt").describe() == first
    with (tmp_path / "other" / "merges.txt").open("a") as file:
        file.write("\n")
    assert make_generator(tmp_path / "other").describe() != first


def test_a_tokenizer_from_elsewhere_is_taken_when_given(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "words" / "tokenizer").mkdir(parents=True)
    write_words(tmp_path / "words" / "tokenizer")
    (tmp_path / "weights").mkdir()
    shutil.copy(folder / "model.ckpt", tmp_path / "weights")
    found = make_generator(tmp_path / "weights", tokenizer=str(tmp_path / "words"))
    assert found.find_absent() == ""
    found.prepare()
    assert len(found._words) == TINY.vocabulary


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.mark.usefixtures("offline")
def test_what_is_not_here_is_named_with_its_size_and_terms() -> None:
    absent = VideoCrafter2().find_absent()
    assert "the weights VideoCrafter/VideoCrafter2, 7.4 GB" in absent
    assert "the tokenizer openai/clip-vit-large-patch14, 1.4 MB" in absent
    assert "; licence Apache-2.0: the authors' README allows personal, research" in absent
    absent = VideoCrafter2(checkpoint="adamdad/videocrafterv2_diffusers", parts="some/pipeline").find_absent()
    assert "videocrafterv2_diffusers, 5.7 GB" in absent
    assert "some/pipeline, size not known" in absent


@pytest.mark.usefixtures("offline")
def test_a_missing_tokenizer_is_named_with_the_line_that_fetches_it(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "model.ckpt", tmp_path)
    bare = make_generator(tmp_path)
    assert bare.find_absent() == "the tokenizer openai/clip-vit-large-patch14, 1.4 MB, from the hub"
    for ask in (bare.prepare, bare.describe):
        with pytest.raises(
            WeightsError, match=r"has no tokenizer: .*forbids the network\. .*\n  hf download openai/clip-vit"
        ):
            ask()


def test_the_checkpoint_and_the_tokenizer_are_fetched_once(
    hub: datasets.Hub,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    nearby = partial(resolve_checkpoint, endpoint=hub.url)
    monkeypatch.setattr(videocrafter2_files, "resolve_checkpoint", nearby)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    weights = files.pop("model.ckpt")
    publish(hub, {"README.md": b"", "model.ckpt": weights, "other.ckpt": b"no"}, "VideoCrafter/VideoCrafter2")
    publish(hub, files | {"model.safetensors": b"no"}, "openai/clip-vit-large-patch14")
    fresh = make_generator(folder, checkpoint="")
    assert fresh.find_absent().startswith("the weights VideoCrafter/VideoCrafter2, 7.4 GB, from the hub, and")
    described = fresh.describe()
    assert described == make_generator(folder).describe()
    said = capsys.readouterr().err
    assert said.startswith("videocrafter2 lacks the weights VideoCrafter/VideoCrafter2")
    assert said.index("non-commercial") < said.index("fetching the weights")
    fetched = {path.name for path in tmp_path.glob("models--*/snapshots/*/*")}
    assert fetched == {"model.ckpt", "vocab.json", "merges.txt"}
    calls = hub.calls.total()
    assert fresh.find_absent() == ""
    assert fresh.describe() == described
    assert hub.calls.total() == calls


@pytest.mark.usefixtures("offline")
def test_weights_that_cannot_be_fetched_are_named_with_the_line_to_type() -> None:
    line = 'hf download VideoCrafter/VideoCrafter2 --revision main --include "model.ckpt" --local-dir'
    with pytest.raises(WeightsError, match=line):
        VideoCrafter2().prepare()


def test_a_denoiser_without_the_rest_is_refused_with_what_is_needed(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "model.ckpt", tmp_path / "diffusion_pytorch_model.bin")
    write_words(tmp_path)
    with pytest.raises(WeightsError, match=r"has the denoiser only.*-o parts=FOLDER_OR_REPOSITORY"):
        make_generator(tmp_path).prepare()
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"lacks vae/config\.json with vae/diffusion_pytorch_model"):
        make_generator(tmp_path, parts=str(tmp_path / "empty")).prepare()


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"lacks model\.ckpt, or model\.safetensors"):
        make_generator(tmp_path).prepare()
    with pytest.raises(WeightsError, match="does not exist"):
        make_generator(tmp_path / "nothing").prepare()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("dtype", "int8", "Allowed: 'auto', 'bf16', 'fp16', 'fp32'"),
        ("captions", "both", "Allowed: 'auto', 'original', 'upsampled'"),
        ("height", 300, "height is 300; it must be a multiple of 64"),
        ("width", 0, "width is 0; it must be a multiple of 64"),
        ("steps", 30, "steps is 30. Allowed: "),
        ("eta", 1.5, "eta is 1.5; it must be from 0 to 1"),
        ("guidance", 0.5, "guidance is 0.5; it must be at least 1"),
        ("conditional_fps", 0, "conditional_fps is 0; it must be at least 1"),
        ("batch_size", 0, "batch_size is 0; it must be at least 1"),
        ("tflops", -1.0, "tflops is -1.0"),
        ("frames", 60, "60 frames at 10 a second last 6.0 s"),
    ],
)
def test_options_that_make_no_sense_are_refused(option: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VideoCrafter2(**{option: value})  # type: ignore[arg-type]


def test_the_cost_is_a_formula_of_what_is_asked() -> None:
    def read_hours(orders: Sequence[Order], **options: float) -> float:
        said = VideoCrafter2(tflops=30.0, **options).describe_cost(orders)  # type: ignore[arg-type]
        return float(said.split()[1].replace(",", ""))

    orders = [make_order()] * 10000
    whole = read_hours(orders)
    # 100 passes of 12.6 Tflop and 25 Tflop for decoding, at 30 Tflop/s
    assert whole == pytest.approx(10000 * (100 * 12.576 + 25.0) / 30 / 3600, abs=0.1)
    assert read_hours(orders[:5000]) == pytest.approx(whole / 2, abs=0.1)
    assert read_hours(orders, height=640) == pytest.approx(whole * 2, abs=0.2)
    assert read_hours(orders, guidance=1.0) < 0.52 * whole
    said = VideoCrafter2(dtype="fp16").describe_cost(orders[:1])
    assert "1 video of about 6 s" in said
    assert "assumed 250 Tflop/s in fp16" in said


def test_the_specs_are_the_defaults() -> None:
    specs, made = VideoCrafter2.specs, VideoCrafter2()
    for name in ("height", "width", "frames", "fps", "steps", "guidance"):
        assert getattr(specs, name) == getattr(made, name)
    assert specs.text_limit == VideoCrafter2.sizes.tokens
