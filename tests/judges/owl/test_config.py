"""Sizes of the network, as published and as stated, and what is no judge."""

from __future__ import annotations

import json

import pytest
import torch

from tests.judges.owl.official import CHECKPOINT
from videophy_lab.judges.owl.config import AbstractorConfig, OwlConfig, make_config
from videophy_lab.judges.owl.network import OwlNetwork


def write_config(folder, stated):
    (folder / "config.json").write_text(stated if isinstance(stated, str) else json.dumps(stated))
    return folder


def test_defaults_are_the_published_sizes(tmp_path):
    config = OwlConfig.from_folder(write_config(tmp_path, {"model_type": "mplug-owl"}))
    assert config == make_config() == OwlConfig()
    with torch.device("meta"):
        network = OwlNetwork(config)
    count = {
        part: sum(weight.numel() for weight in getattr(network, part).parameters())
        for part in ("vision_model", "abstractor", "language_model")
    }
    # the published checkpoint has 949 tensors of 7,152,635,904 numbers, 32 tensors of 64 being frequencies
    assert count["vision_model"] == 328_480_768
    assert count["abstractor"] == 85_606_400
    assert count["language_model"] == 6_738_415_616
    assert sum(weight.numel() for weight in network.parameters()) == 7_152_635_904 - 32 * 64
    assert len(network.state_dict()) == 949 - 32


def test_stated_sizes_are_read():
    config = OwlConfig.from_folder(CHECKPOINT)
    assert (config.vision.hidden_size, config.vision.num_hidden_layers, config.vision.tokens) == (64, 2, 257)
    assert (config.abstractor.intermediate_size, config.abstractor.mlp_size) == (96, 256)
    assert (config.text.hidden_size, config.text.vocab_size, config.num_query_tokens) == (96, 565, 64)


@pytest.mark.parametrize(
    ("stated", "mlp"), [(4096, 2816), (2816, 2816), (2815, 2048), (384, 256), (387, 512)]
)
def test_abstractor_mlp_is_two_thirds_rounded_up(stated, mlp):
    assert AbstractorConfig(intermediate_size=stated).mlp_size == mlp


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"model_type": "llama", "hidden_size": 4096}, "holds a text model 'llama', not 'mplug-owl'"),
        ({"model_type": "llava", "vision_config": {}}, "holds a model 'llava', not 'mplug-owl'"),
        ({}, "holds a model None, not 'mplug-owl'"),
        ([], "holds no settings"),
        ("{", "is not JSON"),
        ({"model_type": "mplug-owl", "num_query_tokens": 65}, "room for 1 to 64"),
        (
            {"model_type": "mplug-owl", "vision_config": {"hidden_size": 512}},
            "equally wide.*512, 1024 and 1024",
        ),
        ({"model_type": "mplug-owl", "text_config": {"num_attention_heads": 7}}, "not a multiple of.*7"),
        ({"model_type": "mplug-owl", "text_config": {"vocab_size": "many"}}, "vocab_size is 'many'"),
        ({"model_type": "mplug-owl", "vision_config": {"num_hidden_layers": 0}}, "num_hidden_layers is 0"),
    ],
)
def test_other_settings_are_refused(tmp_path, stated, message):
    with pytest.raises(ValueError, match=rf"(?s){message}.*Remedy"):
        OwlConfig.from_folder(write_config(tmp_path, stated))


def test_a_missing_folder_or_config_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder.*nowhere.*videophy_2_auto"):
        OwlConfig.from_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"has no config.json.*videophy_2_auto"):
        OwlConfig.from_folder(tmp_path)
