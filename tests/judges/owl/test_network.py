"""Beyond the fixture: lone frames, runs of placeholders, precisions, compiling, random weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from tests.judges.owl.official import load_official
from videophy_lab.judges.owl.config import VisionConfig, make_config
from videophy_lab.judges.owl.network import MEDIA_TOKEN, OwlNetwork, make_random_network
from videophy_lab.judges.owl.vision import TemporalBlock, VisionTower, WideLayerNorm

SMALL = {
    "width": 16,
    "heads": 2,
    "vision_mlp": 24,
    "image_size": 28,
    "abstractor_layers": 1,
    "abstractor_mlp": 24,
}
TEXT = {"text_width": 12, "text_heads": 2, "text_layers": 2, "text_mlp": 20, "vocabulary": 30}
CONFIG = make_config(**SMALL, **TEXT, vision_layers=2, query_tokens=4)


def make_small(dtype=torch.float32, **sizes) -> OwlNetwork:
    config = make_config(**SMALL, **TEXT, **{"vision_layers": 2, "query_tokens": 4, **sizes})
    network = make_random_network(config, seed=5, dtype=dtype)
    with torch.no_grad():
        for weight in network.parameters():
            if weight.ndim > 1:
                weight.mul_(8)
    return network


def make_videos(rng, *, videos=2, frames=3) -> torch.Tensor:
    return torch.tensor(rng.normal(size=(videos, 3, frames, 28, 28)), dtype=torch.float32)


@pytest.fixture
def network() -> OwlNetwork:
    return make_small()


def test_the_temporal_block_is_the_published_convolutions(rng):
    block = TemporalBlock(VisionConfig(hidden_size=16, num_attention_heads=2, image_size=28))
    hidden = torch.tensor(rng.normal(size=(2, 5, 5, 16)), dtype=torch.float32)
    # as published: 3-D convolutions over (frame, row, column)
    grid = block.ln(hidden[:, :, 1:]).unflatten(2, (2, 2)).permute(0, 4, 1, 2, 3)
    mixed = block.conv(block.down_proj(grid))
    wanted = block.up_proj(mixed * torch.sigmoid(1.702 * mixed)).permute(0, 2, 3, 4, 1).flatten(2, 3)
    found = block(hidden)
    torch.testing.assert_close(found[:, :, 1:], wanted, atol=1e-6, rtol=1e-5)
    assert torch.equal(found[:, :, 0], hidden[:, :, 0])


def test_a_lone_frame_is_not_mixed_over_time(network, rng):
    pixels = make_videos(rng, frames=1)
    with torch.inference_mode():
        media = network.encode_videos(pixels)
        for layer in network.vision_model.encoder.layers:
            layer.temporal.up_proj.bias.add_(1)
        network.temporal_query_tokens.add_(1)
        network.abstractor.temporal_visual_fc.bias.add_(1)
        again = network.encode_videos(pixels)
        more = network.encode_videos(pixels.expand(-1, -1, 2, -1, -1))
    assert media.shape == (2, 5, 12)
    assert torch.equal(media, again)
    assert not torch.allclose(media, more)


def test_the_video_ends_with_its_own_vector(network, rng):
    with torch.inference_mode():
        media = network.encode_videos(make_videos(rng))
    assert torch.equal(media[:, -1], network.abstractor.vit_eos[0].expand(2, -1))


@pytest.mark.parametrize("shape", [(3, 2, 28, 28), (1, 4, 2, 28, 28), (1, 3, 2, 28, 56), (1, 3, 2, 56, 56)])
def test_other_pixels_are_refused(network, shape):
    with pytest.raises(ValueError, match=r"this network reads \(videos, 3, frames, 28, 28\).*Remedy"):
        network.encode_videos(torch.zeros(shape))


def test_each_run_of_placeholders_begins_with_the_video(network, rng):
    media = torch.tensor(rng.normal(size=(2, 5, 12)), dtype=torch.float32)
    hole = [MEDIA_TOKEN]
    ids = torch.tensor([[3, *hole * 5, 4, *hole * 7, 6], [*hole * 6, 3, 4, 5, 6, *hole * 5]])
    text = network.language_model.get_input_embeddings().weight.detach()
    found = network.embed(ids, media)
    first, second = media
    torch.testing.assert_close(found[0], torch.cat([text[[3]], first, text[[4]], first, text[[0, 0, 6]]]))
    torch.testing.assert_close(found[1], torch.cat([second, text[[0, 3, 4, 5, 6]], second]))
    assert torch.equal(network.embed(torch.tensor([[3, 4]])), text[[3, 4]][None])
    assert torch.equal(network.embed(torch.tensor([[3, 4]]), media[:1]), text[[3, 4]][None])


def test_placeholders_need_their_media(network):
    with pytest.raises(ValueError, match="no media were given"):
        network.embed(torch.tensor([[MEDIA_TOKEN]]))
    with pytest.raises(ValueError, match="3 media were given for 1 prompts"):
        network.embed(torch.tensor([[MEDIA_TOKEN]]), torch.zeros(3, 5, 12))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_positions_stay_exact_in_every_precision(network, dtype):
    rotary = network.language_model.model.rotary_emb
    exact = 1 / 10000 ** (torch.arange(0, 6, 2, dtype=torch.float64) / 6)
    plain = LlamaRotaryEmbedding(network.language_model.config).to(dtype)
    network.to(dtype)
    assert plain.inv_freq.dtype == dtype  # what has to be prevented
    assert rotary.inv_freq.dtype == torch.float32
    torch.testing.assert_close(rotary.inv_freq.double(), exact, atol=0, rtol=2.5e-7)
    network.language_model.to(torch.float64).to(dtype)
    assert torch.equal(rotary.inv_freq, rotary.original_inv_freq)
    torch.testing.assert_close(rotary.inv_freq.double(), exact, atol=0, rtol=2.5e-7)
    angles, _ = rotary(torch.zeros(1, dtype=torch.float32), torch.tensor([[2000]]))
    torch.testing.assert_close(angles[0, 0, :3].double(), torch.cos(2000 * exact), atol=2e-4, rtol=0)


def test_float16_survives_the_doubled_class_token(rng):
    # 24 doublings take any class token out of float16's range
    network = make_small(vision_layers=24)
    with torch.inference_mode():
        network.vision_model.embeddings.pre_layernorm.weight.mul_(4)
        pixels = make_videos(rng)
        wanted = network.encode_videos(pixels)
        assert network.vision_model.embeddings(pixels)[:, :, 0].abs().max() * 2.0**24 > 65504
        found = network.to(torch.float16).encode_videos(pixels)
    assert found.dtype == torch.float16
    assert (found.float() - wanted).abs().max() < 0.02 * wanted.abs().max()


def test_layers_are_normalised_in_float32():
    norm = WideLayerNorm(64)
    hidden = torch.linspace(-300, 500, 6 * 64).view(6, 64)
    for dtype in (torch.bfloat16, torch.float16):
        narrow, unit = norm.to(dtype), torch.finfo(dtype).eps
        # the official code widens, normalises and rounds; the kernel adds up in another order
        wanted = functional.layer_norm(hidden.to(dtype).float(), (64,)).to(dtype)
        torch.testing.assert_close(narrow(hidden.to(dtype)), wanted, atol=0, rtol=unit)
        assert torch.equal(narrow(hidden.to(dtype).float()), wanted)


def test_compiled_videos_are_encoded_alike(network, rng):
    pixels, keys = make_videos(rng), list(network.state_dict())
    with torch.inference_mode():
        wanted = network.encode_videos(pixels)
        network.compile(backend="eager", fullgraph=True)
        torch.testing.assert_close(network.encode_videos(pixels), wanted)
    assert list(network.state_dict()) == keys


def test_the_tower_can_be_trained(network, rng):
    network.embed(
        torch.tensor([[3, *[MEDIA_TOKEN] * 5]] * 2), network.encode_videos(make_videos(rng))
    ).sum().backward()
    untrained = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert all(name.startswith("language_model.") for name in untrained)
    assert network.vision_model.encoder.layers[0].temporal.conv.weight.grad.abs().sum() > 0


def test_random_networks_follow_their_seed():
    first, second, third = (make_random_network(CONFIG, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(first.state_dict()[name], weight) for name, weight in second.state_dict().items())
    assert not torch.equal(first.query_tokens, third.query_tokens)
    assert not any(weight.is_meta for weight in (*first.parameters(), *first.buffers()))
    assert first.language_model.model.embed_tokens.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert torch.equal(first.language_model.model.norm.weight, torch.ones(12))
    half = make_random_network(CONFIG, seed=1, dtype=torch.bfloat16)
    assert (half.dtype, half.device.type) == (torch.bfloat16, "cpu")
    assert half.language_model.model.rotary_emb.inv_freq.dtype == torch.float32


def test_the_tower_reads_long_clips_in_pieces_of_tokens(rng):
    # 300 frames of 5 tokens are more than the MLP takes at a time on a CPU
    tower = VisionTower(CONFIG.vision).eval()
    pixels = make_videos(rng, videos=1, frames=300)
    with torch.inference_mode():
        tower.embeddings.position_embedding.normal_(generator=torch.Generator().manual_seed(1))
        whole = tower.encoder.layers[0].mlp
        hidden = tower.embeddings(pixels).flatten(0, 1)
        torch.testing.assert_close(whole(hidden), whole.transform_tokens(hidden))


def test_the_loaded_network_is_ready_to_answer():
    network = load_official()
    assert not network.training
    assert network.dtype == torch.float32
    np.testing.assert_array_equal(network.language_model.model.rotary_emb.inv_freq.shape, (12,))
