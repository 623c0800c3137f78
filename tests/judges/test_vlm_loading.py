"""What a vision-language judge needs, what it refuses, and what it says of itself."""

from __future__ import annotations

import json
import math
import pickle
import shutil
import sys

import pytest
from safetensors.torch import load_file, save_file

from tests.judges import tiny_vlms, vlm_cases
from tests.judges.tiny_vlms import (
    load_processor_and_model,
    make_byte_tokenizer,
    make_qwen2_5_vl,
    save_tiny,
)
from videophy_lab.judges.base import make_spec
from videophy_lab.judges.vlm import VisionLanguageJudge

one_thread = tiny_vlms.one_thread
folders = vlm_cases.folders


def test_without_a_checkpoint_it_says_what_to_type():
    for call in ("describe", "prepare", "find_absent"):
        with pytest.raises(ValueError, match=r"-o vlm\.checkpoint=FOLDER.*--checkpoint Qwen/Qwen3-VL-8B"):
            getattr(VisionLanguageJudge(), call)()


def test_a_missing_torchvision_names_its_extra(folders, monkeypatch):
    judge = VisionLanguageJudge(checkpoint=str(folders["qwen2_5_vl"]), device="cpu")
    monkeypatch.setitem(sys.modules, "torchvision", None)
    for call in (judge.prepare, judge.describe):
        with pytest.raises(ImportError, match=r"torchvision cannot be imported.*videophy-lab\[vision\]"):
            call()


def test_a_missing_transformers_names_its_extra(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ImportError, match=r"transformers cannot be imported.*videophy-lab\[judges\]"):
        VisionLanguageJudge(checkpoint=str(folders["qwen2_5_vl"]), device="cpu").prepare()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dtype": "int8"}, r"dtype is 'int8'\. Allowed: 'auto', 'bf16'"),
        ({"device_map": "disk"}, "device_map is 'disk'"),
        ({"frames": 0}, "frames is 0; it must be at least 1"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"min_pixels": 9, "max_pixels": 8}, "min_pixels is 9, above max_pixels, 8"),
        ({"fallback_fps": math.nan}, "fallback_fps is nan"),
        ({"fallback_fps": 0}, "fallback_fps is 0"),
    ],
)
def test_an_option_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        VisionLanguageJudge(**options)


def test_what_cannot_be_prepared(folders, tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        VisionLanguageJudge(checkpoint=str(tmp_path / "none")).prepare()
    with pytest.raises(ValueError, match=r"cannot be read as a vision-language model.*Remedy"):
        VisionLanguageJudge(checkpoint=str(tmp_path), device="cpu").prepare()
    processor, _ = load_processor_and_model(folders["qwen2_5_vl"])
    processor.chat_template = "{{ messages[0]['content'][1]['text'] }}"
    processor.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="Qwen2_5_VLProcessor puts no video into a question"):
        VisionLanguageJudge(checkpoint=str(tmp_path), device="cpu").prepare()
    processor.tokenizer.save_pretrained(tmp_path / "text")
    (tmp_path / "text" / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ValueError, match="Remedy: give"):
        VisionLanguageJudge(checkpoint=str(tmp_path / "text"), device="cpu").prepare()


def test_weights_that_were_cut_off_are_refused(tmp_path):
    folder = save_tiny(tmp_path, "qwen3_vl")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"cannot be read as a vision-language model.*Remedy"):
        VisionLanguageJudge(checkpoint=str(folder), device="cpu").prepare()


@pytest.mark.parametrize("family", ["qwen2_5_vl", "video_llava"])
@pytest.mark.parametrize("fault", ["missing", "of another shape"])
def test_weights_that_are_not_all_there_are_refused(tmp_path, family, fault):
    # transformers would go on with random ones
    folder = save_tiny(tmp_path, family)
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("layers.1.mlp.down_proj.weight"))
    changed = {} if fault == "missing" else {name: weights[name][:, :7].contiguous()}
    kept = {other: values for other, values in weights.items() if other != name}
    save_file(kept | changed, folder / "model.safetensors", metadata={"format": "pt"})
    message = (
        rf"do not fit a vision-language model: 1 {fault} \(\S*layers\.1\.mlp\.down_proj\.weight\)\. Remedy"
    )
    with pytest.raises(ValueError, match=message):
        VisionLanguageJudge(checkpoint=str(folder), device="cpu").prepare()


def test_embeddings_that_are_the_head_too_are_stored_once(tmp_path, capfd):
    model, processor = make_qwen2_5_vl(make_byte_tokenizer())
    text = model.config.text_config.to_dict() | {"tie_word_embeddings": True}
    config = type(model.config)(**model.config.to_dict() | {"text_config": text, "tie_word_embeddings": True})
    type(model)(config).save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
    capfd.readouterr()
    judge = VisionLanguageJudge(checkpoint=str(tmp_path), device="cpu")
    judge.prepare()
    assert "[transformers]" not in capfd.readouterr().err
    tied = judge._model.get_input_embeddings().weight
    assert judge._model.get_output_embeddings().weight.data_ptr() == tied.data_ptr()


def test_code_in_a_checkpoint_is_neither_run_nor_asked_about(tmp_path, folders):
    folder = shutil.copytree(folders["qwen3_vl"], tmp_path / "own")
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "own"}
    config["auto_map"] = {"AutoConfig": "own.Config", "AutoModelForImageTextToText": "own.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ValueError, match=r"cannot be read as a vision-language model.*Remedy"):
        VisionLanguageJudge(checkpoint=str(folder), device="cpu").prepare()
    assert not (tmp_path / "ran").exists()


def test_what_it_says_of_itself(folders):
    make = {"checkpoint": str(folders["qwen2_5_vl"]), "device": "cpu"}
    judge = VisionLanguageJudge(**make)
    before = judge.describe()
    judge.prepare()
    assert judge.describe() == before
    spec = make_spec(before)
    assert spec == make_spec(VisionLanguageJudge(**make, batch_size=9, max_tokens=9).describe())
    others = [{"dtype": "bf16"}, {"frames": 8}, {"max_pixels": 99}, {"min_pixels": 9}, {"max_new_tokens": 9},
              {"system": "x"}, {"instruction": "x"}, {"fallback_fps": 8.0},
              {"checkpoint": str(folders["qwen3_vl"])}]  # fmt: skip
    assert (
        len({spec, *(make_spec(VisionLanguageJudge(**{**make, **other}).describe()) for other in others)})
        == 10
    )
    assert len(before["weights"]) == 64
    assert judge.find_absent() == ""
    unready = VisionLanguageJudge(**make, batch_size=2)
    assert pickle.loads(pickle.dumps(unready)) == unready
