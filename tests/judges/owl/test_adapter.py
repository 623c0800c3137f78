"""Adapters in every form, merged, and every way in which one can be wrong."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import save_file

from tests.judges.owl.adapters import (
    ATTENTION,
    list_targets,
    make_factors,
    merge_by_hand,
    name_factors,
    name_officially,
    save_official,
    save_peft,
)
from tests.judges.owl.official import CHECKPOINT, load_official
from videophy_lab.judges.owl.adapter import fingerprint_adapter, is_adapter, load_adapted

IDS = torch.tensor([[1, 5, 9, 30, 7]])
QUERY = "base_model.model.language_model.model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def factors():
    return make_factors(list_targets())


def read_logits(network) -> torch.Tensor:
    with torch.inference_mode():
        return network.language_model(inputs_embeds=network.embed(IDS)).logits


def assert_merged(network, wanted: dict[str, torch.Tensor]) -> None:
    assert network.state_dict().keys() == wanted.keys()
    for name, weight in network.state_dict().items():
        torch.testing.assert_close(weight, wanted[name], atol=1e-6, rtol=0, msg=name)


@pytest.mark.parametrize("base_layer", [False, True])
def test_the_official_file_is_merged(tmp_path, factors, base_layer):
    folder = save_official(tmp_path / "adapter", name_officially(factors, base_layer=base_layer))
    network = load_adapted(CHECKPOINT, folder)
    assert not network.training
    assert_merged(network, merge_by_hand(factors, 1.0))
    wanted = load_official().state_dict()
    moved = [name for name, weight in network.state_dict().items() if not torch.equal(weight, wanted[name])]
    assert sorted(moved) == sorted(f"{target}.weight" for target in factors)


def test_the_official_file_brings_its_own_base(tmp_path, factors):
    tensors = name_officially(factors)
    tensors["base_model.model.query_tokens"] += 1
    network = load_adapted(CHECKPOINT, save_official(tmp_path / "adapter", tensors))
    torch.testing.assert_close(network.query_tokens, load_official().query_tokens + 1)


@pytest.mark.parametrize(("rank", "alpha"), [(4, 32), (32, 8)])
def test_peft_files_are_merged_by_their_settings(tmp_path, rank, alpha):
    factors = make_factors(list_targets(ATTENTION), rank)
    folder = save_peft(tmp_path / "adapter", factors, lora_alpha=alpha, use_rslora=False, rank_pattern={})
    assert_merged(load_adapted(CHECKPOINT, folder), merge_by_hand(factors, alpha / rank))


def test_merged_logits_are_those_of_the_factors_kept_apart(tmp_path, factors):
    folder = save_peft(tmp_path / "adapter", factors)
    merged = read_logits(load_adapted(CHECKPOINT, folder))
    apart = load_adapted(CHECKPOINT, save_peft(tmp_path / "none", make_factors(list_targets(), size=0.0)))
    torch.testing.assert_close(read_logits(apart), read_logits(load_official()), atol=1e-6, rtol=0)
    for target, (down, up) in factors.items():
        apart.get_submodule(target).register_forward_hook(
            lambda module, inputs, output, down=down, up=up: output + inputs[0] @ down.T @ up.T
        )
    torch.testing.assert_close(merged, read_logits(apart), atol=1e-5, rtol=1e-5)
    assert (merged - read_logits(load_official())).abs().max() > 0.01


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_what_is_merged_is_rounded_once(tmp_path, factors, dtype):
    folder = save_official(tmp_path / "adapter", name_officially(factors))
    network = load_adapted(CHECKPOINT, folder, dtype=dtype, device_map={"": "cpu"})
    for name, wanted in merge_by_hand(factors, 1.0).items():
        weight = network.state_dict()[name]
        assert weight.dtype == dtype
        # 1e-7 covers float16's smallest step, 6e-8, and the rounding of sums in float32
        torch.testing.assert_close(weight.float(), wanted, atol=1e-7, rtol=torch.finfo(dtype).eps)


def test_adapters_are_told_from_networks(tmp_path, factors):
    assert is_adapter(save_official(tmp_path / "official", name_officially(factors)))
    assert is_adapter(save_peft(tmp_path / "peft", factors))
    assert not is_adapter(CHECKPOINT)
    with pytest.raises(ValueError, match="has no weights"):
        is_adapter(tmp_path)


def change_rank(tensors):
    for name in [name for name in tensors if "lora_" in name]:
        tensors[name] = tensors[name][:8] if "lora_A" in name else tensors[name][:, :8]


def bend(tensors):
    name = f"{QUERY}.lora_B.default.weight"
    tensors[name] = tensors[name][:-1]


def move(tensors):
    for side in "AB":
        tensors[f"base_model.model.abstractor.visual_fc.lora_{side}.default.weight"] = torch.zeros(32, 32)


def drop_layer(tensors):
    for side in "AB":
        del tensors[f"{QUERY}.lora_{side}.default.weight"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (change_rank, r"14 of 14 changes in .* are not of rank 32 \(.*"),
        (lambda t: t.pop(f"{QUERY}.lora_B.default.weight"), "half a change"),
        (bend, r"q_proj\.weight is \(\d+, \d+\) and its change \(\d+, \d+\)"),
        (move, r"abstractor\.visual_fc\.weight is no place for it"),
        (drop_layer, r"self_attn\.q_proj is changed in \d of \d layers"),
        (lambda t: t.update(head=torch.ones(1)), r"no adapter's \(head\).*begin with 'base_model\.model\.'"),
        (lambda t: t.pop("base_model.model.query_tokens"), r"1 missing \(query_tokens\)"),
        (lambda t: t.update({"base_model.model.head": torch.ones(1)}), r"1 unexpected \(head\)"),
        (lambda t: [t.pop(name) for name in list(t) if "lora_" in name], "has no change"),
    ],
    ids=["rank", "half", "shape", "place", "layer", "stranger", "missing", "unexpected", "none"],
)
def test_an_official_file_must_fit_exactly(tmp_path, factors, change, message):
    tensors = name_officially(factors)
    change(tensors)
    folder = save_official(tmp_path / "adapter", tensors)
    with pytest.raises(ValueError, match=rf"{message}.*Remedy") as caught:
        load_adapted(CHECKPOINT, folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"r": 16}, "are not of rank 16"),
        ({"r": 0}, "states r=0; allowed is plain LoRA of rank 1 or more"),
        ({"use_rslora": True}, "use_rslora=True"),
        ({"use_dora": True, "bias": "all"}, "use_dora=True, bias='all'"),
        ({"rank_pattern": {"q_proj": 4}}, "rank_pattern="),
        ({"peft_type": "IA3"}, "peft_type='IA3'"),
        ({"lora_alpha": None}, "cannot be read as an adapter's settings"),
    ],
)
def test_settings_that_are_not_plain(tmp_path, factors, settings, message):
    folder = save_peft(tmp_path / "adapter", factors, **settings)
    with pytest.raises(ValueError, match=rf"{message}.*Remedy"):
        load_adapted(CHECKPOINT, folder)


def test_a_damaged_adapter_is_named(tmp_path, factors):
    folder = save_peft(tmp_path / "adapter", factors)
    (folder / "adapter_config.json").write_text("{")
    with pytest.raises(ValueError, match=r"adapter_config.json cannot be read .*Remedy"):
        load_adapted(CHECKPOINT, folder)
    (folder / "adapter_model.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match=r"adapter_model.safetensors cannot be read as weights.*Remedy"):
        load_adapted(CHECKPOINT, folder)


def test_an_adapter_of_another_network_is_refused(tmp_path, factors):
    base = shutil.copytree(CHECKPOINT, tmp_path / "base")
    config = json.loads((base / "config.json").read_text())
    config["text_config"]["num_hidden_layers"] += 1
    (base / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match=r"changed in 2 of 3 layers.*Remedy: give the base"):
        load_adapted(base, save_peft(tmp_path / "adapter", factors))


def test_fingerprints_follow_adapter_and_settings(tmp_path, factors):
    first = save_peft(tmp_path / "first", factors)
    second = save_peft(tmp_path / "second", factors)
    assert fingerprint_adapter(first) == fingerprint_adapter(second)
    save_peft(second, factors, lora_alpha=16)
    assert fingerprint_adapter(first) != fingerprint_adapter(second)
    save_peft(second, factors)
    changed = {name: tensor + 1 for name, tensor in name_factors(factors).items()}
    save_file(changed, second / "adapter_model.safetensors")
    assert fingerprint_adapter(first) != fingerprint_adapter(second)
