"""VideoCon: a base network and an adapter as one judge, asked as VideoCon-Physics is."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import save_file

from tests.judges import owl_cases
from tests.judges.owl.adapters import (
    list_targets,
    make_factors,
    merge_by_hand,
    name_officially,
    save_official,
    save_peft,
)
from tests.judges.owl_cases import CHECKPOINT, make_clip, read_json, watch_cases
from videophy_lab.judges.base import OK, Question, make_spec
from videophy_lab.judges.questions import render_template
from videophy_lab.judges.videocon import VideoCon
from videophy_lab.judges.videocon_physics import VideoConPhysics
from videophy_lab.weights.hub import HUB_WEIGHTS

one_thread = owl_cases.one_thread
CAPTION = "A ball falls."
QUESTIONS = [Question("sa", CAPTION), Question("pc")]


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Save one adapter as the official training does, as PEFT does, and merged by hand."""
    root = tmp_path_factory.mktemp("videocon")
    factors = make_factors(list_targets())
    merged = shutil.copytree(
        CHECKPOINT, root / "merged", ignore=shutil.ignore_patterns("pytorch_model*", "*.index.json")
    )
    save_file(
        {name: weight.contiguous() for name, weight in merge_by_hand(factors, 1.0).items()},
        merged / "model.safetensors",
    )
    return {
        "official": str(save_official(root / "official", name_officially(factors))),
        "peft": str(save_peft(root / "peft", factors)),
        "merged": str(merged),
    }


def make(folder: str, **options) -> VideoCon:
    return VideoCon(checkpoint=folder, base=str(CHECKPOINT), device="cpu", **options)


def ask(judge: VideoConPhysics) -> list[float]:
    answers = watch_cases(judge).score([make_clip("c00")], [QUESTIONS])[0]
    assert [answer.status for answer in answers] == [OK, OK]
    return [answer.score for answer in answers]


@pytest.mark.parametrize("form", ["official", "peft", "merged"])
@pytest.mark.parametrize("mode", ["strict", "official"])
def test_every_form_answers_as_the_merged_network(folders, form, mode):
    wanted = ask(VideoConPhysics(checkpoint=folders["merged"], device="cpu", mode=mode))
    assert ask(make(folders[form], mode=mode)) == pytest.approx(wanted, abs=1e-6)
    base = ask(VideoConPhysics(checkpoint=str(CHECKPOINT), device="cpu", mode=mode))
    assert max(abs(a - b) for a, b in zip(wanted, base, strict=True)) > 1e-3


def test_logits_are_those_of_the_merged_weights(folders):
    judge = make(folders["official"])
    judge.prepare()
    merged = VideoConPhysics(checkpoint=folders["merged"], device="cpu")
    merged.prepare()
    ids = torch.tensor([[1, 5, 9, 30, 7]])
    with torch.inference_mode():
        logits, wanted = (
            each._network.language_model(inputs_embeds=each._network.embed(ids)).logits
            for each in (judge, merged)
        )
    torch.testing.assert_close(logits, wanted, atol=1e-6, rtol=0)


def test_the_question_is_the_published_one():
    prompt = render_template(VideoCon(checkpoint="x").templates["sa"], CAPTION)
    published = next(
        case["prompt"] for case in read_json("videocon.json")["cases"] if "entail" in case["prompt"]
    )
    head, tail = published.split('description: "')[0], published.split('"?\n')[1]
    assert prompt == f'{head}description: "{CAPTION}"?\n{tail}'
    assert VideoCon.card.tasks == ("sa", "pc")


def test_what_it_says_of_itself(folders, tmp_path):
    said = {form: make(folder).describe() for form, folder in folders.items()}
    assert set(said["official"]["weights"]) == {"base", "adapter"}
    assert said["official"]["weights"]["base"] == said["peft"]["weights"]["base"]
    physics = VideoConPhysics(checkpoint=folders["merged"], device="cpu").describe()
    assert said["merged"] == {**physics, "scorer": "videocon"}
    assert len({make_spec(each) for each in said.values()}) == 3
    base = shutil.copytree(CHECKPOINT, tmp_path / "base")
    (base / "config.json").write_text((base / "config.json").read_text() + "\n")
    other = VideoCon(checkpoint=folders["official"], base=str(base), device="cpu").describe()
    assert other["weights"]["adapter"] == said["official"]["weights"]["adapter"]
    assert other["weights"]["base"] != said["official"]["weights"]["base"]


def test_what_is_not_here_is_named_with_its_size(monkeypatch, tmp_path, folders):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert VideoCon().find_absent() == (
        "the weights videocon/owl-con (main), 14.5 GB, from the hub; "
        "the weights MAGAer13/mplug-owl-llama-7b-video (main), 14.3 GB, from the hub"
    )
    only_adapter = VideoCon(checkpoint=folders["peft"]).find_absent()
    assert only_adapter.startswith("the weights MAGAer13/mplug-owl-llama-7b-video (main)")
    assert VideoCon(checkpoint=folders["merged"]).find_absent() == ""
    assert make(folders["official"]).find_absent() == ""
    assert VideoCon.card.weights in HUB_WEIGHTS


def test_what_cannot_be_prepared(tmp_path, folders):
    with pytest.raises(ValueError, match=r"has no weights.*Remedy"):
        make(str(tmp_path)).prepare()
    with pytest.raises(ValueError, match="does not exist"):
        VideoCon(checkpoint=folders["peft"], base=str(tmp_path / "none")).prepare()
    eight = save_peft(tmp_path / "eight", make_factors(list_targets(), rank=8), r=32)
    with pytest.raises(ValueError, match=r"are not of rank 32.*Remedy"):
        make(str(eight)).prepare()


def test_an_adapter_takes_every_precision(folders):
    judge = make(folders["official"], dtype="bf16", device_map="auto")
    assert all(0 <= score <= 1 for score in ask(judge))
    assert {weight.dtype for weight in judge._network.parameters()} == {torch.bfloat16}
