"""Every pipeline with its own classes and compression, a few thousand random numbers and no download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.generators.diffusion.tiny_tokenizers import build_clip, build_llama, build_qwen, build_t5

TEXT_WIDTH = 32


def build_t5_encoder(tokenizer: Any, kind: str = "T5") -> Any:
    """Build the encoder of T5 or UMT5."""
    import transformers

    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer), d_model=TEXT_WIDTH, d_kv=8, d_ff=40, num_layers=2, num_heads=4
    )
    return getattr(transformers, f"{kind}EncoderModel")(config).eval()


def build_cogvideox() -> Any:
    import diffusers as d

    tokenizer = build_t5()
    return d.CogVideoXPipeline(
        tokenizer=tokenizer,
        text_encoder=build_t5_encoder(tokenizer),
        transformer=d.CogVideoXTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=16,
            in_channels=4,
            out_channels=4,
            time_embed_dim=8,
            text_embed_dim=TEXT_WIDTH,
            num_layers=1,
            sample_width=6,
            sample_height=4,
            sample_frames=9,
            max_text_seq_length=226,
            use_rotary_positional_embeddings=True,
        ),
        vae=d.AutoencoderKLCogVideoX(
            block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1, norm_num_groups=2
        ),
        scheduler=d.CogVideoXDDIMScheduler(),
    )


def build_hunyuan() -> Any:
    import diffusers as d
    import transformers as t
    from diffusers.pipelines.hunyuan_video.pipeline_hunyuan_video import DEFAULT_PROMPT_TEMPLATE

    llama, clip = build_llama(DEFAULT_PROMPT_TEMPLATE["template"]), build_clip()
    return d.HunyuanVideoPipeline(
        tokenizer=llama,
        text_encoder=t.LlamaModel(
            t.LlamaConfig(
                vocab_size=len(llama),
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=3,
                num_attention_heads=2,
                pad_token_id=0,
            )
        ).eval(),
        tokenizer_2=clip,
        text_encoder_2=t.CLIPTextModel(
            t.CLIPTextConfig(
                vocab_size=len(clip),
                hidden_size=8,
                intermediate_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                bos_token_id=0,
                eos_token_id=1,
                pad_token_id=1,
                projection_dim=8,
            )
        ).eval(),
        transformer=d.HunyuanVideoTransformer3DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=10,
            num_layers=1,
            num_single_layers=1,
            num_refiner_layers=1,
            text_embed_dim=16,
            pooled_projection_dim=8,
            rope_axes_dim=(2, 4, 4),
        ),
        vae=d.AutoencoderKLHunyuanVideo(
            block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1, norm_num_groups=4
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def build_hunyuan15() -> Any:
    import diffusers as d
    import transformers as t

    qwen, byt5 = build_qwen(), t.ByT5Tokenizer()
    return d.HunyuanVideo15Pipeline(
        tokenizer=qwen,
        text_encoder=t.Qwen2_5_VLTextModel(
            t.Qwen2_5_VLTextConfig(
                vocab_size=len(qwen),
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=3,
                num_attention_heads=2,
                num_key_value_heads=2,
                rope_scaling={"mrope_section": [1, 1, 2], "rope_type": "default"},
                bos_token_id=0,
                eos_token_id=0,
                pad_token_id=0,
            )
        ).eval(),
        tokenizer_2=byt5,
        text_encoder_2=build_t5_encoder(byt5),
        transformer=d.HunyuanVideo15Transformer3DModel(
            in_channels=9,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=16,
            num_layers=1,
            num_refiner_layers=1,
            text_embed_dim=16,
            text_embed_2_dim=TEXT_WIDTH,
            image_embed_dim=12,
            rope_axes_dim=(4, 6, 6),
            task_type="t2v",
        ),
        vae=d.AutoencoderKLHunyuanVideo15(
            latent_channels=4, block_out_channels=(32, 32, 32, 32, 32), layers_per_block=1
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(shift=5.0),
        guider=d.ClassifierFreeGuidance(guidance_scale=2.0),
    )


def build_cosmos(checker: Any = None) -> Any:
    import diffusers as d

    tokenizer = build_t5()
    return d.CosmosTextToWorldPipeline(
        tokenizer=tokenizer,
        text_encoder=build_t5_encoder(tokenizer),
        transformer=d.CosmosTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=16,
            num_layers=1,
            mlp_ratio=2,
            text_embed_dim=TEXT_WIDTH,
            adaln_lora_dim=4,
            max_size=(4, 32, 32),
        ),
        vae=d.AutoencoderKLCosmos(
            encoder_block_out_channels=(8, 8, 8, 8),
            decode_block_out_channels=(8, 8, 8, 8),
            attention_resolutions=(8,),
            resolution=64,
            num_layers=1,
        ),
        scheduler=d.EDMEulerScheduler(
            sigma_min=0.002, sigma_max=80, sigma_data=0.5, final_sigmas_type="sigma_min"
        ),
        safety_checker=checker,
    )


def build_wan_transformer() -> Any:
    import diffusers as d

    return d.WanTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=12,
        text_dim=TEXT_WIDTH,
        freq_dim=16,
        ffn_dim=32,
        num_layers=1,
        rope_max_seq_len=32,
    )


def build_wan(**more: Any) -> Any:
    import diffusers as d

    tokenizer = build_t5()
    return d.WanPipeline(
        tokenizer=tokenizer,
        text_encoder=build_t5_encoder(tokenizer, "UMT5"),
        transformer=build_wan_transformer(),
        vae=d.AutoencoderKLWan(base_dim=3, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
        scheduler=d.UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
        **more,
    )


def build_wan22() -> Any:
    return build_wan(transformer_2=build_wan_transformer(), boundary_ratio=0.875)


def build_mochi() -> Any:
    import diffusers as d

    tokenizer = build_t5()
    return d.MochiPipeline(
        tokenizer=tokenizer,
        text_encoder=build_t5_encoder(tokenizer),
        transformer=d.MochiTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=8,
            num_layers=2,
            pooled_projection_dim=16,
            text_embed_dim=TEXT_WIDTH,
            time_embed_dim=4,
        ),
        vae=d.AutoencoderKLMochi(
            encoder_block_out_channels=(32, 32, 32, 32),
            decoder_block_out_channels=(32, 32, 32, 32),
            layers_per_block=(1, 1, 1, 1, 1),
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(),
    )


def build_ltx(**decoding: Any) -> Any:
    import diffusers as d

    tokenizer = build_t5()
    return d.LTXPipeline(
        tokenizer=tokenizer,
        text_encoder=build_t5_encoder(tokenizer),
        transformer=d.LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=1,
            caption_channels=TEXT_WIDTH,
        ),
        vae=d.AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
            **decoding,
        ),
        scheduler=d.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    )


BUILDERS: dict[str, Callable[..., Any]] = {
    "CogVideoX": build_cogvideox,
    "HunyuanVideo": build_hunyuan,
    "HunyuanVideo15": build_hunyuan15,
    "Cosmos1": build_cosmos,
    "Wan21": build_wan,
    "Wan22": build_wan22,
    "Mochi": build_mochi,
    "LTXVideo": build_ltx,
}
