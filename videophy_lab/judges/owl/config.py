"""The sizes of an mPLUG-Owl-video network, read from a checkpoint's config.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

MODEL_TYPE = "mplug-owl"
MOST_QUERY_TOKENS = 64
MLP_MULTIPLE = 256
PUBLISHED_ABSTRACTOR_MLP = 2816


@dataclass(frozen=True)
class VisionConfig:
    """Sizes of the vision tower; the defaults are those of the published judges."""

    hidden_size: int = 1024
    intermediate_size: int = 4096
    num_hidden_layers: int = 24
    num_attention_heads: int = 16
    image_size: int = 224
    patch_size: int = 14
    layer_norm_eps: float = 1e-6

    @property
    def tokens(self) -> int:
        """Tokens of a frame: its patches and the class token."""
        return (self.image_size // self.patch_size) ** 2 + 1


@dataclass(frozen=True)
class AbstractorConfig:
    """Sizes of the visual abstractor; the defaults are those of the published judges."""

    hidden_size: int = 1024
    intermediate_size: int = 4096
    num_hidden_layers: int = 6
    num_attention_heads: int = 16
    encoder_hidden_size: int = 1024
    layer_norm_eps: float = 1e-6

    @property
    def mlp_size(self) -> int:
        """Width of the gated MLP: two thirds of the stated size, rounded up to a multiple of 256."""
        if self.intermediate_size == PUBLISHED_ABSTRACTOR_MLP:
            return self.intermediate_size
        return -(-int(2 * self.intermediate_size / 3) // MLP_MULTIPLE) * MLP_MULTIPLE


@dataclass(frozen=True)
class TextConfig:
    """Sizes of the LLaMA language model; the defaults are those of the published judges."""

    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    vocab_size: int = 32000
    max_position_embeddings: int = 2048
    rms_norm_eps: float = 1e-6


@dataclass(frozen=True)
class OwlConfig:
    """Sizes of the whole network.

    Attributes
    ----------
    vision : VisionConfig
    abstractor : AbstractorConfig
    text : TextConfig
    num_query_tokens : int
        Queries that read the video; with one more vector for its end they take the place of the prompt's
        65 placeholders, so there are at most 64.

    Raises
    ------
    ValueError
        Sizes that do not fit together.
    """

    vision: VisionConfig = field(default_factory=VisionConfig)
    abstractor: AbstractorConfig = field(default_factory=AbstractorConfig)
    text: TextConfig = field(default_factory=TextConfig)
    num_query_tokens: int = MOST_QUERY_TOKENS

    def __post_init__(self) -> None:
        for part in (self.vision, self.abstractor, self.text):
            check_sizes(part)
        widths = (self.vision.hidden_size, self.abstractor.encoder_hidden_size, self.abstractor.hidden_size)
        if len(set(widths)) > 1:
            raise ValueError(
                "the vision tower, the abstractor's input and the abstractor must be equally wide; "
                f"config.json says {widths[0]}, {widths[1]} and {widths[2]}. {REMEDY}"
            )
        if not 1 <= self.num_query_tokens <= MOST_QUERY_TOKENS:
            raise ValueError(
                f"num_query_tokens is {self.num_query_tokens}; a prompt has room for 1 to "
                f"{MOST_QUERY_TOKENS}. {REMEDY}"
            )

    @classmethod
    def from_folder(cls, folder: str | Path) -> OwlConfig:
        """Read a checkpoint's config.json; sizes it does not state are those of the published judges.

        Raises
        ------
        ValueError
            No such folder, no config.json, a file that is not JSON, or another kind of model.
        """
        stated = read_config(Path(folder))
        return cls(
            vision=pick_sizes(VisionConfig, stated.get("vision_config")),
            abstractor=pick_sizes(AbstractorConfig, stated.get("visual_abstractor_config")),
            text=pick_sizes(TextConfig, stated.get("text_config")),
            num_query_tokens=stated.get("num_query_tokens", MOST_QUERY_TOKENS),
        )


REMEDY = (
    "Remedy: give a folder with the files of videophysics/videophy_2_auto, videophysics/videocon_physics or "
    "another checkpoint of the same network."
)


def check_sizes(part: VisionConfig | AbstractorConfig | TextConfig) -> None:
    """Check that sizes are positive numbers and that attention heads divide the width."""
    for name, value in vars(part).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise ValueError(f"{name} is {value!r} in config.json; it must be a positive number. {REMEDY}")
    if part.hidden_size % part.num_attention_heads:
        raise ValueError(
            f"hidden_size {part.hidden_size} is not a multiple of num_attention_heads "
            f"{part.num_attention_heads} in config.json. {REMEDY}"
        )


def pick_sizes(kind: type[Any], stated: Mapping[str, Any] | None) -> Any:
    """Build the sizes of one part from what config.json states of it."""
    names = {each.name for each in fields(kind)}
    return kind(**{name: value for name, value in (stated or {}).items() if name in names})


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json and make sure that it belongs to a network of this kind."""
    if not folder.is_dir():
        raise ValueError(f"there is no folder {str(folder)!r}. {REMEDY}")
    path = folder / "config.json"
    if not path.is_file():
        raise ValueError(f"{folder} has no config.json. {REMEDY}")
    try:
        stated: Any = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON ({error}). Remedy: fetch the file again.") from error
    if not isinstance(stated, dict):
        raise ValueError(f"{path} holds no settings. Remedy: fetch the file again.")
    found = stated.get("model_type")
    if found == MODEL_TYPE:
        return stated
    kind = "text model" if found and "vision_config" not in stated else "model"
    raise ValueError(f"{folder} holds a {kind} {found!r}, not {MODEL_TYPE!r}, the video judge. {REMEDY}")


def make_config(
    *,
    width: int = 1024,
    heads: int = 16,
    vision_layers: int = 24,
    vision_mlp: int = 4096,
    image_size: int = 224,
    abstractor_layers: int = 6,
    abstractor_mlp: int = 4096,
    query_tokens: int = MOST_QUERY_TOKENS,
    text_width: int = 4096,
    text_layers: int = 32,
    text_mlp: int = 11008,
    text_heads: int = 32,
    vocabulary: int = 32000,
) -> OwlConfig:
    """Make the sizes of a network for random weights; the defaults are those of the published judges.

    Parameters
    ----------
    width, heads : int
        Of the vision tower and the abstractor.
    vision_layers, vision_mlp, image_size : int
    abstractor_layers, abstractor_mlp, query_tokens : int
        `abstractor_mlp` is the stated size; the MLP is two thirds as wide.
    text_width, text_layers, text_mlp, text_heads, vocabulary : int
    """
    return OwlConfig(
        vision=VisionConfig(
            hidden_size=width,
            intermediate_size=vision_mlp,
            num_hidden_layers=vision_layers,
            num_attention_heads=heads,
            image_size=image_size,
        ),
        abstractor=AbstractorConfig(
            hidden_size=width,
            intermediate_size=abstractor_mlp,
            num_hidden_layers=abstractor_layers,
            num_attention_heads=heads,
            encoder_hidden_size=width,
        ),
        text=TextConfig(
            hidden_size=text_width,
            intermediate_size=text_mlp,
            num_hidden_layers=text_layers,
            num_attention_heads=text_heads,
            vocab_size=vocabulary,
        ),
        num_query_tokens=query_tokens,
    )
