"""VideoScore, against the library's own network and processor and the published text."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.conftest import GOLDEN
from tests.judges.tiny_videoscore import (
    load_library_model,
    load_processor,
    make_clip,
    make_frames,
    make_settings,
    make_tokenizer,
    make_weights,
    save_tiny,
)
from videophy_lab.judges.base import Question, make_spec
from videophy_lab.judges.networks.frame_tokens import FrameTokenizer
from videophy_lab.judges.networks.idefics2 import find_bins, load_network
from videophy_lab.judges.videoscore import AFTER_CAPTION, BEFORE_CAPTION, HEADS, VideoScore
from videophy_lab.video import FrameView, decode_clip, sample_frames

CAPTION = "A ball falls off the table, and it's round."
TASKS = VideoScore.card.tasks


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Run on one thread: networks this small gain nothing by more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("videoscore") / "plain")


@pytest.fixture(scope="module")
def judge(folder) -> VideoScore:
    return make(folder)


def make(folder: Path, **options) -> VideoScore:
    return VideoScore(checkpoint=str(folder), **{"device": "cpu", "frames": 6} | options)


def ask(judge: VideoScore, frames: list[np.ndarray], captions: list[str]) -> list[list[float]]:
    """Ask about each clip all there is, in the order of the network's heads."""
    clips = [make_clip(each, judge.view) for each in frames]
    answers = judge.score(clips, [[Question(task, caption) for task in HEADS] for caption in captions])
    assert {answer.status for row in answers for answer in row} == {"ok"}
    return [[answer.score for answer in row] for row in answers]


def prepare_officially(folder: Path, frames: np.ndarray, caption: str) -> dict[str, torch.Tensor]:
    """Prepare a question as the authors' code does: a text with ``<image> `` for each frame, and pictures."""
    text = f"{BEFORE_CAPTION}{caption}{AFTER_CAPTION}" + "<image> " * len(frames)
    pictures = [Image.fromarray(frame) for frame in frames]
    return dict(load_processor(folder)(text=text, images=pictures, return_tensors="pt"))


def compute_officially(folder: Path, frames: np.ndarray, caption: str) -> torch.Tensor:
    """Multiply the library's hidden state of the last token with the head."""
    inputs = prepare_officially(folder, frames, caption)
    with torch.inference_mode():
        hidden = load_library_model(folder)(**inputs).last_hidden_state[0, -1]
    weights = make_weights()
    return weights["score.weight"] @ hidden + weights["score.bias"]


def test_the_question_is_the_published_one():
    # of REGRESSION_QUERY_PROMPT in TIGER-AI-Lab/VideoScore@8e44973, examples/run_videoscore.py
    published = "49b386d9ea3003760c983cc258cf4211faf858d58191f95fcfacdf68a8fed2c0"
    text = f"{BEFORE_CAPTION}{{text_prompt}}{AFTER_CAPTION}"
    assert hashlib.sha256(text.encode()).hexdigest() == published


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("caption", [CAPTION, 'He says "no"\n twice', "Ein Ball fällt 球", " spaces  "])
def test_ids_are_those_of_the_official_processor(tmp_path, caption, split):
    folder = save_tiny(tmp_path, split=split)
    judge = make(folder)
    judge.prepare()
    inputs = prepare_officially(folder, make_frames(3), caption)
    assert judge.write_prompt(Question("sa", caption), 3) == inputs["input_ids"][0].tolist()


@pytest.mark.parametrize(
    ("size", "split"),
    [
        ((30, 40), False),
        ((28, 28), False),
        ((40, 30), False),
        ((90, 160), False),
        ((20, 100), False),
        ((28, 28), True),
        ((30, 40), True),
        ((90, 160), True),
    ],
)
def test_scores_are_those_of_the_library(tmp_path, size, split):
    # sizes of which no patch is half filled: there training and the library of today differ, see below
    folder = save_tiny(tmp_path, split=split)
    frames = make_frames(5, height=size[0], width=size[1])
    wanted = compute_officially(folder, frames, CAPTION).tolist()
    assert ask(make(folder), [frames], [CAPTION])[0] == pytest.approx(wanted, abs=1e-5)


def test_frames_and_caption_both_count(judge):
    first, other = make_frames(4), make_frames(4, seed=1)
    plain, moved, asked, short = (
        np.array(ask(judge, [frames], [caption])[0])
        for frames, caption in ((first, CAPTION), (other, CAPTION), (first, "A cat."), (first[:3], CAPTION))
    )
    for changed in (moved, asked, short):
        assert np.abs(changed - plain).max() > 1e-3


def test_padding_changes_nothing(folder):
    frames = [make_frames(count, height=30 + 4 * count, seed=count) for count in (1, 6, 3, 5)]
    captions = ["A cat.", CAPTION, CAPTION * 5, "Ein Ball fällt."]
    alone = [
        ask(make(folder, batch_size=1), [each], [text])[0]
        for each, text in zip(frames, captions, strict=True)
    ]
    for batch_size in (2, 4):
        together = ask(make(folder, batch_size=batch_size), frames, captions)
        np.testing.assert_allclose(together, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("most", [16, 48])
@pytest.mark.parametrize("frames", [1, 5, 16, 48, 49, 121])
def test_frames_are_the_authors(most, frames):
    wanted = np.arange(frames)
    if frames > most:
        wanted = np.arange(0, frames, frames / most).astype(int)
    found = sample_frames(VideoScore(frames=most).view, frames, 8.0)
    np.testing.assert_array_equal(found, wanted)
    assert len(found) == min(frames, most)


def test_a_caption_adds_no_frame(judge):
    frames = make_frames(2)
    for caption in ("An <image> of a ball", "<fake_token_around_image><image>", "a </s><s> b", "an <unk>"):
        ids = judge.write_prompt(Question("sa", caption), 2)
        assert ids.count(make_tokenizer().token_to_id("<image>")) == 2 * 4
        assert [ids.count(control) for control in (0, 1, 2)] == [0, 1, 0]
        plain = judge.write_prompt(Question("sa", "x"), 2)
        assert ids[-20:] == plain[-20:]
    words = FrameTokenizer.from_folder(Path(judge.checkpoint)).words
    assert words.decode(words.encode("an <image>", add_special_tokens=False).ids) == "▁an▁<image>"
    assert ask(judge, [frames], ["An <image> of a ball"]) != ask(judge, [frames], ["An image of a ball"])


def test_one_pass_answers_all_questions_of_a_caption(folder, monkeypatch):
    judge = make(folder, batch_size=4)
    judge.prepare()
    calls = {"images": 0, "texts": []}
    encode = judge._network.encode_images
    forward = judge._network.forward

    def count_images(*given):
        calls["images"] += 1
        return encode(*given)

    def count_texts(ids, *given):
        calls["texts"].append(len(ids))
        return forward(ids, *given)

    monkeypatch.setattr(judge._network, "encode_images", count_images)
    monkeypatch.setattr(judge._network, "forward", count_texts)
    questions = [Question(task, caption) for caption in (CAPTION, "A cat.") for task in TASKS]
    clips = [make_clip(make_frames(3, seed=seed), judge.view) for seed in range(2)]
    answers = judge.score(clips, [questions, questions[:5]])
    assert calls == {"images": 2, "texts": [3]}
    assert [answer.score for answer in answers[0][:5]] != [answer.score for answer in answers[0][5:]]


def test_scores_are_raw_numbers_in_the_order_of_the_heads(judge, folder):
    frames = make_frames(3)
    wanted = dict(zip(HEADS, compute_officially(folder, frames, CAPTION).tolist(), strict=True))
    answers = judge.score([make_clip(frames, judge.view)], [[Question(task, CAPTION) for task in TASKS]])[0]
    assert HEADS == ("visual_quality", "temporal_consistency", "dynamics", "sa", "pc")
    for task, answer in zip(TASKS, answers, strict=True):
        assert answer.score == pytest.approx(wanted[task], abs=1e-5)
        assert math.isnan(answer.expected)
    # random weights know no scale: nothing was clipped to 1–4, nothing rounded
    assert not all(1 <= answer.score <= 4 for answer in answers)
    assert all(abs(answer.score - round(answer.score, 3)) > 1e-7 for answer in answers)


def test_what_cannot_be_asked_fails_alone(judge):
    questions = [
        Question("sa"),
        Question("rule", "It falls."),
        Question("pc", "x" * 9000),
        Question("pc", CAPTION),
    ]
    clips = [make_clip(make_frames(2), judge.view)]
    *refused, answered = judge.score(clips, [questions])[0]
    assert [answer.status for answer in refused] == ["failed"] * 3
    assert refused[0].error.startswith("no caption. Remedy:")
    assert refused[1].error.startswith(
        "videoscore asks nothing about 'rule'. Allowed: sa, pc, visual_quality"
    )
    assert "reads at most 4096. Remedy: shorten its caption of 9000 characters" in refused[2].error
    assert math.isnan(refused[0].score)
    assert answered.status == "ok"
    assert judge.score(clips, [questions[:2]])[0] == refused[:2]


def test_what_is_no_number_is_unscored(folder, monkeypatch):
    judge = make(folder)
    judge.prepare()
    monkeypatch.setattr(judge._network, "forward", lambda ids, *given: torch.full((len(ids), 5), math.nan))
    answer = judge.score([make_clip(make_frames(2), judge.view)], [[Question("pc", CAPTION)]])[0][0]
    assert answer.status == "unscored"
    assert math.isnan(answer.score)
    assert "Remedy: take dtype bf16" in answer.error


@pytest.mark.parametrize("name", ["bounce_49f.mp4", "single_1f.mp4"])
def test_a_file_is_scored(judge, folder, name):
    clip = decode_clip(GOLDEN / "videos" / name, [judge.view])
    frames = clip.frames[judge.view]
    assert len(frames) == min(6, clip.info.frames)
    answer = judge.score([clip], [[Question("pc", CAPTION)]])[0][0]
    assert answer.score == pytest.approx(float(compute_officially(folder, frames, CAPTION)[4]), abs=1e-5)


def test_patches_lie_where_they_lay_in_training():
    # transformers 4.40 to 4.45, models/idefics2: arange by a step in float32, then bucketize
    for side in (5, 27, 70):
        edges = torch.arange(1 / side, 1.0, 1 / side)
        for patches in range(1, side + 1):
            steps = torch.arange(0, 1 - 1e-6, 1 / torch.tensor(patches))
            assert torch.equal(find_bins(patches, side), torch.bucketize(steps, edges, right=True))
    exact = [math.floor(place * 70 / 58) for place in range(58)]
    assert np.abs(find_bins(58, 70).numpy() - exact).max() <= 1


def test_the_network_lays_patches_as_in_training(tmp_path):
    # 49 patches on the published grid of 70: here the library of today takes two other places
    wide = make_settings(make_tokenizer())["vision_config"] | {"image_size": 980, "patch_size": 14}
    table = torch.arange(70.0 * 70)[:, None].repeat(1, 16)
    grid = "model.vision_model.embeddings.position_embedding.weight"
    folder = save_tiny(tmp_path, weights=spoil(lambda w: w.update({grid: table})), vision_config=wide)
    embeddings = load_network(folder, dtype=torch.float32, device="cpu").model.vision_model.embeddings
    mask = torch.zeros(1, 49, 58, dtype=torch.bool)
    mask[:, :, :3] = True
    with torch.inference_mode():
        pixels = torch.zeros(1, 3, 49 * 14, 58 * 14)
        places = embeddings(pixels, mask)[0, :, 0] - embeddings.patch_embedding.bias[0]
    # transformers 4.40 to 4.45: the row's bin times 70, and the column's
    edges = torch.arange(1 / 70, 1.0, 1 / 70)
    steps = [torch.arange(0, 1 - 1e-6, 1 / torch.tensor(count)) for count in (49, 3)]
    rows, columns = (torch.bucketize(each, edges, right=True) for each in steps)
    wanted = torch.zeros(49, 58)
    wanted[:, :3] = rows[:, None] * 70 + columns
    torch.testing.assert_close(places.reshape(49, 58), wanted, atol=1e-3, rtol=0)


def test_half_filled_patches_are_seen(folder):
    network = load_network(folder, dtype=torch.float32, device="cpu")
    pixels = torch.randn(1, 3, 42, 42)
    mask = torch.ones(1, 42, 42, dtype=torch.long)
    mask[:, :, 35:] = 0
    with torch.inference_mode():
        half, whole = (network.encode_images(pixels, each) for each in (mask, torch.ones_like(mask)))
        mask[:, :, 28:] = 0
        none = network.encode_images(pixels, mask)
    torch.testing.assert_close(half, whole)
    assert (none - whole).abs().max() > 1e-3


def test_the_resampler_takes_its_eps_from_the_language_model(tmp_path):
    # of the published width, a resampler without an eps is given another one by transformers 5
    resampler = make_settings(make_tokenizer())["perceiver_config"] | {"hidden_size": 32}
    folder = save_tiny(tmp_path, perceiver_config=resampler)
    network = load_network(folder, dtype=torch.float32, device="cpu")
    resampler = network.model.connector.perceiver_resampler
    assert resampler.norm.variance_epsilon == resampler.layers[0].input_latents_norm.variance_epsilon == 1e-5


def test_a_tokenizer_neither_cuts_nor_fills(tmp_path):
    folder = save_tiny(tmp_path)
    wanted = FrameTokenizer.from_folder(folder).encode(CAPTION, images=2, parts=1, latents=4)
    stored = make_tokenizer()
    stored.enable_truncation(8)
    stored.enable_padding(length=600)
    stored.save(str(folder / "tokenizer.json"))
    assert FrameTokenizer.from_folder(folder).encode(CAPTION, images=2, parts=1, latents=4) == wanted


def spoil(change) -> dict[str, torch.Tensor]:
    weights = dict(make_weights())
    change(weights)
    return weights


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("score.bias"), r"1 missing \(score\.bias\)"),
        (lambda w: w.pop("model.connector.perceiver_resampler.latents"), r"1 missing \(model\.connector"),
        (lambda w: w.update({"model.more": torch.ones(2)}), r"1 unexpected \(model\.more\)"),
        (lambda w: w.update({"score.weight": torch.ones(4, 32)}), r"1 of another shape \(score\.weight\)"),
        (lambda w: [w.pop(name) for name in list(w) if "vision" in name], r"\d+ missing \(.*, …\)"),
    ],
    ids=["bias", "latents", "unexpected", "shape", "many"],
)
def test_tensors_must_fit_exactly(tmp_path, change, message):
    folder = save_tiny(tmp_path, weights=spoil(change))
    with pytest.raises(ValueError, match=rf"do not fit the network of VideoScore: .*{message}.*Remedy"):
        make(folder).prepare()


def test_the_head_of_the_base_decides_nothing(tmp_path, judge):
    kept = save_tiny(tmp_path, weights=spoil(lambda w: w.update({"lm_head.weight": torch.ones(9, 32)})))
    frames = make_frames(2)
    wanted = ask(judge, [frames], [CAPTION])[0]
    assert ask(make(kept), [frames], [CAPTION])[0] == pytest.approx(wanted, abs=1e-6)
    base = spoil(
        lambda w: [
            w.pop("score.weight"),
            w.pop("score.bias"),
            w.update({"lm_head.weight": torch.ones(9, 32)}),
        ]
    )
    with pytest.raises(ValueError, match=r"2 missing \(score\.bias, score\.weight\)\. Remedy"):
        make(save_tiny(tmp_path / "base", weights=base)).prepare()


def test_published_names_are_the_networks(folder):
    names = set(load_file(folder / "model.safetensors"))
    assert names == set(load_network(folder, dtype=torch.float32, device="cpu").state_dict())
    assert {name.split(".")[1] for name in names if name.startswith("model.")} == {
        "vision_model",
        "connector",
        "text_model",
    }


def break_config(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)


@pytest.mark.parametrize(
    ("spoiling", "message"),
    [
        (lambda f: break_config(f, '{"model_type": "llama"}'), "holds a model 'llama', not 'idefics2'"),
        (lambda f: break_config(f, "{"), "config.json cannot be read as settings"),
        (lambda f: break_config(f, "[]"), "holds a model None"),
        (lambda f: save_tiny(f, id2label={"0": "a"}), "an Idefics2 with 1 scores, not 5"),
        (lambda f: save_tiny(f, image_token_id=7), r"<image> is \d+ in tokenizer.json .* and 7 in its"),
        (lambda f: (f / "tokenizer.json").unlink(), "has no tokenizer.json"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "cannot be read as a tokenizer"),
        (
            lambda f: (f / "preprocessor_config.json").unlink(),
            r"cannot be read as an image processor \(preprocessor_config\.json\)",
        ),
        (lambda f: (f / "model.safetensors").unlink(), "has no weights"),
        (lambda f: (f / "model.safetensors").write_bytes(b"cut"), "cannot be read"),
    ],
)
def test_a_folder_that_is_none(tmp_path, spoiling, message):
    folder = save_tiny(tmp_path)
    spoiling(folder)
    with pytest.raises(ValueError, match=rf"{message}.*Remedy"):
        make(folder).prepare()


def test_pickled_weights_are_read_too(tmp_path, judge):
    folder = save_tiny(tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save(make_weights(), folder / "pytorch_model.bin")
    frames = make_frames(2)
    assert ask(make(folder), [frames], [CAPTION])[0] == pytest.approx(
        ask(judge, [frames], [CAPTION])[0], abs=1e-6
    )


def test_it_runs_in_half_precision(folder):
    judge = make(folder, dtype="bf16")
    frames = make_frames(2)
    rough = ask(judge, [frames], [CAPTION])[0]
    assert {weight.dtype for weight in judge._network.parameters()} == {torch.bfloat16}
    assert judge._network.model.text_model.rotary_emb.inv_freq.dtype == torch.float32
    assert rough == pytest.approx(ask(make(folder), [frames], [CAPTION])[0], abs=0.1)


def test_what_it_says_of_itself(judge, folder, monkeypatch, tmp_path):
    said = make(folder).describe()
    json.dumps(said)
    assert judge.describe() == said
    assert len(said["weights"]) == 64
    spec = make_spec(said)
    assert make_spec(make(folder, batch_size=7).describe()) == spec
    for options in ({"frames": 16}, {"dtype": "bf16"}):
        assert make_spec(make(folder, **options).describe()) != spec
    changed = save_tiny(tmp_path / "split", split=True)
    assert make_spec(make(changed).describe()) != spec
    assert VideoScore().view == FrameView("videoscore", 48)
    assert judge.find_absent() == ""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert VideoScore().find_absent() == "the weights TIGER-Lab/VideoScore-v1.1 (main), 16.8 GB, from the hub"
    assert VideoScore.card.captioned == TASKS
    assert set(TASKS) == set(HEADS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, "dtype is 'int8'"),
        ({"frames": 0}, "frames is 0; it must be at least 1"),
        ({"batch_size": 0}, "batch_size is 0; it must be at least 1"),
    ],
)
def test_an_option_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        VideoScore(**options)


def test_it_can_be_sent_to_another_process(folder):
    assert pickle.loads(pickle.dumps(make(folder))) == make(folder)


def test_reading_cards_imports_nothing_heavy():
    probe = (
        "import sys; from videophy_lab.judges.videoscore import VideoScore; "
        "from videophy_lab.judges.videocon import VideoCon; "
        "print(VideoScore.card.name, VideoCon.card.name, "
        "{'torch', 'transformers', 'tokenizers', 'av', 'huggingface_hub'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "videoscore videocon set()\n"
