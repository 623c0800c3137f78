"""What a judge on the network says of itself, what it refuses, and what it needs."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
import torch

from tests.judges import owl_cases
from tests.judges.owl_cases import make_judge
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.judges.base import make_spec

one_thread = owl_cases.one_thread


def test_what_it_says_of_itself(monkeypatch, tmp_path):
    judge = make_judge(AutoEval)
    before = judge.describe()
    judge.prepare()
    assert judge.describe() == before
    spec = make_spec(before)
    assert spec == make_spec(make_judge(AutoEval, batch_size=3).describe())
    for other in ({"mode": "official"}, {"dtype": "bf16"}, {"frames": 16}, {"check_end": False}):
        assert make_spec(make_judge(AutoEval, **other).describe()) != spec
    assert before["dtype"] == "fp32"
    assert len(before["weights"]) == 64
    assert judge.find_absent() == ""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert "videophysics/videophy_2_auto (main), 14.3 GB" in AutoEval().find_absent()


def test_it_can_be_sent_to_another_process():
    judge = pickle.loads(pickle.dumps(make_judge(AutoEval, batch_size=2)))
    assert judge == make_judge(AutoEval, batch_size=2)


@pytest.mark.parametrize(
    ("options", "on_gpu", "expected"),
    [
        ({"device": "auto"}, True, "bf16"),
        ({"device": "auto"}, False, "fp32"),
        ({"device": "cpu"}, True, "fp32"),
        ({"device": "cuda:1"}, False, "bf16"),
        ({"dtype": "fp16"}, True, "fp16"),
    ],
)
def test_the_precision_that_was_described_is_the_one_that_runs(monkeypatch, options, on_gpu, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: on_gpu)
    judge = make_judge(AutoEval, **options)
    assert judge.describe()["dtype"] == expected
    monkeypatch.setattr(torch.cuda, "is_available", lambda: not on_gpu)
    assert pickle.loads(pickle.dumps(judge)).choose_dtype() == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "loose"}, r"mode is 'loose'\. Allowed: 'strict', 'official'"),
        ({"dtype": "int8"}, r"dtype is 'int8'\. Allowed: 'auto', 'bf16', 'fp16', 'fp32'"),
        ({"frames": 1}, "frames is 1; it must be at least 2"),
        ({"batch_size": 0}, "batch_size is 0; it must be at least 1"),
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"device_map": "disk"}, "device_map is 'disk'"),
    ],
)
def test_an_option_that_cannot_be(options, message):
    with pytest.raises(ValueError, match=message):
        AutoEval(**options)


def test_what_cannot_be_prepared(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        AutoEval(checkpoint=str(tmp_path / "none")).prepare()
    with pytest.raises(ValueError, match="Remedy"):
        AutoEval(checkpoint=str(tmp_path)).prepare()
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ValueError, match="holds a text model 'llama', not 'mplug-owl'"):
        AutoEval(checkpoint=str(tmp_path)).prepare()
    with pytest.raises(ValueError, match=r"device is 'tpu'\. Allowed: auto, cpu, cuda"):
        make_judge(AutoEval, device="tpu").prepare()
    with pytest.raises(ValueError, match=r"the device 'cuda:99' cannot be used .*Allowed: auto, cpu, cuda"):
        make_judge(AutoEval, device="cuda:99").prepare()


def test_reading_its_card_imports_nothing_heavy():
    probe = (
        "import sys; from videophy_lab.judges.autoeval import AutoEval; "
        "from videophy_lab.judges.videocon_physics import VideoConPhysics; "
        "print(AutoEval.card.name, VideoConPhysics.card.name, "
        "{'torch', 'transformers', 'av', 'huggingface_hub'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "autoeval videocon_physics set()\n"
