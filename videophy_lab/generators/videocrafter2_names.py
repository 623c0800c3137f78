"""What the tensors of VideoCrafter2's checkpoint are called in diffusers and in transformers.

The rules were read off the modules of AILab-CVC/VideoCrafter@11bcd76 (lvdm/modules), of OpenCLIP 2.22, of
diffusers 0.42.1 and transformers 5.23; tests hold them to every name and shape of both sides.
"""

from __future__ import annotations

import re

from videophy_lab.generators.videocrafter2_sizes import Sizes

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.model."
# tables of the training's noise, which follow from the sampler's own two
NOISE_TABLES = (
    "betas",
    "alphas_cumprod_prev",
    "sqrt_alphas_cumprod",
    "sqrt_one_minus_alphas_cumprod",
    "log_one_minus_alphas_cumprod",
    "sqrt_recip_alphas_cumprod",
    "sqrt_recipm1_alphas_cumprod",
    "posterior_variance",
    "posterior_log_variance_clipped",
    "posterior_mean_coef1",
    "posterior_mean_coef2",
)
SAMPLER_TABLES = ("alphas_cumprod", "scale_arr")
# what the text encoder has for comparing with pictures, and its mask, which is made anew
UNUSED_TEXT = ("text_projection", "logit_scale", "attn_mask")

ENDS = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "fps_embedding.0": "fps_embedding.linear_1",
    "fps_embedding.2": "fps_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "init_attn.0": "transformer_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
# inside a block: how a tensor's name begins, and of which list and which part it is
PARTS = {
    "in_layers.0": ("resnets", "norm1"),
    "in_layers.2": ("resnets", "conv1"),
    "emb_layers.1": ("resnets", "time_emb_proj"),
    "out_layers.0": ("resnets", "norm2"),
    "out_layers.3": ("resnets", "conv2"),
    "skip_connection": ("resnets", "conv_shortcut"),
    "temopral_conv": ("temp_convs", ""),
}
SCALERS = {"op": "downsamplers.0.conv", "conv": "upsamplers.0.conv"}
ATTENTIONS = {1: "attentions", 2: "temp_attentions"}

VAE_RULES = (
    (r"(encoder|decoder)\.mid\.block_1\.", r"\1.mid_block.resnets.0."),
    (r"(encoder|decoder)\.mid\.block_2\.", r"\1.mid_block.resnets.1."),
    (r"(encoder|decoder)\.mid\.attn_1\.norm\.", r"\1.mid_block.attentions.0.group_norm."),
    (r"(encoder|decoder)\.mid\.attn_1\.proj_out\.", r"\1.mid_block.attentions.0.to_out.0."),
    (r"(encoder|decoder)\.mid\.attn_1\.([qkv])\.", r"\1.mid_block.attentions.0.to_\2."),
    (r"(encoder|decoder)\.norm_out\.", r"\1.conv_norm_out."),
    (r"encoder\.down\.(\d+)\.block\.", r"encoder.down_blocks.\1.resnets."),
    (r"encoder\.down\.(\d+)\.downsample\.", r"encoder.down_blocks.\1.downsamplers.0."),
    (r"decoder\.up\.(\d+)\.block\.", r"decoder.up_blocks.\1.resnets."),
    (r"decoder\.up\.(\d+)\.upsample\.", r"decoder.up_blocks.\1.upsamplers.0."),
)
TEXT_RULES = (
    (r"token_embedding\.", "embeddings.token_embedding."),
    (r"positional_embedding$", "embeddings.position_embedding.weight"),
    (r"ln_final\.", "final_layer_norm."),
    (r"transformer\.resblocks\.(\d+)\.ln_([12])\.", r"encoder.layers.\1.layer_norm\2."),
    (r"transformer\.resblocks\.(\d+)\.mlp\.c_fc\.", r"encoder.layers.\1.mlp.fc1."),
    (r"transformer\.resblocks\.(\d+)\.mlp\.c_proj\.", r"encoder.layers.\1.mlp.fc2."),
    (r"transformer\.resblocks\.(\d+)\.attn\.out_proj\.", r"encoder.layers.\1.self_attn.out_proj."),
)
IN_PROJECTION = r"transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)$"


def rename_unet(name: str, sizes: Sizes) -> str:
    """Give a tensor of the denoiser the name that it has in diffusers; empty where there is no rule."""
    for old, new in ENDS.items():
        if name.startswith(f"{old}."):
            return new + name.removeprefix(old)
    found = re.fullmatch(r"(input_blocks|output_blocks|middle_block)\.(?:(\d+)\.)?(\d+)\.(.+)", name)
    if not found:
        return ""
    side, number, place, rest = found[1], int(found[2] or 0), int(found[3]), found[4]
    if side == "middle_block":  # block, attention in space, attention in time, block
        return rename_part("mid_block", place // 3, place, rest)
    if side == "input_blocks":
        level, layer = divmod(number - 1, sizes.layers + 1)
        return rename_part(f"down_blocks.{level}", layer, place, rest)
    level, layer = divmod(number, sizes.layers + 1)
    return rename_part(f"up_blocks.{level}", layer, place, rest)


def rename_part(block: str, layer: int, place: int, rest: str) -> str:
    """Rename a tensor of one layer of a block; `place` is where its module stands in the layer."""
    for old, (group, part) in PARTS.items():
        if rest.startswith(f"{old}."):
            return ".".join(filter(None, (block, group, str(layer), part, rest.removeprefix(f"{old}."))))
    scaler, _, ending = rest.rpartition(".")
    if scaler in SCALERS:
        return f"{block}.{SCALERS[scaler]}.{ending}"
    return f"{block}.{ATTENTIONS[place]}.{layer}.{rest}" if place in ATTENTIONS else ""


def rename_vae(name: str, sizes: Sizes) -> str:
    """Give a tensor of the autoencoder the name that it has in diffusers; most keep theirs."""
    for old, new in VAE_RULES:
        name = re.sub(f"^{old}", new, name)
    # its way up is counted from the finest level, and in diffusers from the coarsest
    last = len(sizes.vae_channels) - 1
    name = re.sub(r"^decoder\.up_blocks\.(\d+)", lambda up: f"decoder.up_blocks.{last - int(up[1])}", name)
    return name.replace(".nin_shortcut.", ".conv_shortcut.")


def rename_text(name: str) -> tuple[str, ...]:
    """Give the names that a tensor of the text encoder has in transformers.

    There are three for queries, keys and values, which stand in one tensor in this order; none where there is
    no rule.
    """
    found = re.match(IN_PROJECTION, name)
    if found:
        return tuple(f"encoder.layers.{found[1]}.self_attn.{part}_proj.{found[2]}" for part in "qkv")
    for old, new in TEXT_RULES:
        if re.match(old, name):
            return (re.sub(f"^{old}", new, name),)
    return ()


def is_unused_text(name: str, sizes: Sizes) -> bool:
    """Tell what the text encoder has without need: its last layer, and what compares with pictures."""
    return name in UNUSED_TEXT or name.startswith(f"transformer.resblocks.{sizes.text_layers - 1}.")
