"""Networks spread over devices; on a machine with one, ``meta`` is the second."""

from __future__ import annotations

import pytest
import torch

from tests.judges.owl.official import CHECKPOINT, assert_same_weights, load_official
from videophy_lab.judges.owl.checkpoint import load_network
from videophy_lab.judges.owl.devices import place_modules


@pytest.mark.parametrize(
    "device_map",
    ["auto", {"": "cpu"}, {"language_model.model.layers": "cpu", "language_model": "cpu", "": "cpu"}],
)
def test_a_network_on_mapped_devices_is_the_same(device_map):
    assert_same_weights(load_network(CHECKPOINT, device_map=device_map))


def test_blocks_fetch_their_inputs_from_other_devices():
    # a meta tensor holds no numbers, but is on a device of its own
    tail = ("language_model.model.layers.1", "language_model.model.norm", "language_model.lm_head")
    network = load_network(CHECKPOINT, device_map={"": "cpu", **dict.fromkeys(tail, "meta")})
    ids = torch.tensor([[1, *[-2] * 65, 5]])
    with torch.inference_mode():
        media = network.encode_videos(torch.zeros(1, 3, 2, 224, 224))
        assert media.device.type == "cpu"
        torch.testing.assert_close(media, load_official().encode_videos(torch.zeros(1, 3, 2, 224, 224)))
        output = network.language_model(inputs_embeds=network.embed(ids, media), output_hidden_states=True)
    assert [hidden.device.type for hidden in output.hidden_states] == ["cpu", "cpu", "meta"]
    assert output.logits.shape == (1, 67, 565)
    assert output.logits.is_meta


def test_blocks_stay_whole():
    with pytest.raises(ValueError, match=r"parts of one LlamaDecoderLayer on 2 devices.*Remedy"):
        load_network(CHECKPOINT, device_map={"": "cpu", "language_model.model.layers.0.mlp": "meta"})


def test_bad_device_maps_are_named():
    network = load_official()
    with pytest.raises(ValueError, match="device_map is 'balanced'"):
        place_modules(network, "balanced", torch.float32)
    with pytest.raises(ValueError, match="does not run from disk"):
        place_modules(network, {"": "cpu", "language_model": "disk"}, torch.float32)
    with pytest.raises(ValueError, match="no device for query_tokens"):
        load_network(CHECKPOINT, device_map={"language_model": "cpu"})
