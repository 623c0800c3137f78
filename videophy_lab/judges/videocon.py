"""VideoCon: the judge of whether a video entails a description, from which VideoCon-Physics was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from videophy_lab.judges.base import Card
from videophy_lab.judges.mplug_owl import EXTRA, LAYOUT, LICENCE
from videophy_lab.judges.questions import TEMPLATES, Template
from videophy_lab.judges.videocon_physics import VideoConPhysics
from videophy_lab.weights import Layout, describe_absent, resolve_checkpoint

if TYPE_CHECKING:
    import torch

    from videophy_lab.judges.owl.network import OwlNetwork

ADAPTER_LAYOUT = Layout((), ("*config.json", "tokenizer.model"))


@dataclass(kw_only=True)
class VideoCon(VideoConPhysics):
    """Give the probability of Yes against No when asked for entailment or physical laws.

    The published weights are a base network and a LoRA of its language model, which are merged when they are
    loaded. VideoCon was trained on entailment; the question about physical laws is that of VideoPhy, in whose
    table it is asked both.

    Parameters
    ----------
    checkpoint : str
        Folder or repository with the adapter as the official training saves it (``pytorch_model.bin``), or
        as PEFT does (``adapter_model.*``, adapter_config.json); or with a whole network that is merged
        already, for which no `base` is looked for. The published adapter when empty.
    base : str
        Folder or repository of the network that the adapter was trained on.

    References
    ----------
    Bansal et al. 2023, VideoCon, arXiv:2311.10111; github.com/Hritikbansal/videocon@9a69520,
    training/pipeline_video/entailment_inference.py and src/prepare_data_for_inference.py; asked as
    github.com/Hritikbansal/videophy@01d366c does.
    """

    base: str = "MAGAer13/mplug-owl-llama-7b-video"

    card: ClassVar[Card] = Card(
        name="videocon",
        summary="VideoCon, the entailment judge: probability of Yes (mPLUG-Owl-video with LoRA, 7 B)",
        tasks=("sa", "pc"),
        scale="0–1, the probability of Yes against No",
        weights="videocon/owl-con",
        size="14.5 GB, and 14.3 GB of its base MAGAer13/mplug-owl-llama-7b-video",
        licence=LICENCE,
        needs=EXTRA,
    )

    @property
    def templates(self) -> Mapping[str, Template]:
        """Give the words of each task's question; they are those of VideoCon-Physics."""
        return TEMPLATES[VideoConPhysics.card.name]

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first, and how large they are."""
        absent = [describe_absent(self.source, self.revision, layout=ADAPTER_LAYOUT)]
        folder = Path(self.source).expanduser()
        if not all((folder / name).is_file() for name in LAYOUT.required):
            absent.append(describe_absent(self.base, layout=LAYOUT))
        return "; ".join(filter(None, absent))

    def find_parts(self) -> tuple[Path, Path | None]:
        """Find the folder of the network and, where its weights are an adapter, that of the adapter."""
        from videophy_lab.judges.owl.adapter import is_adapter

        folder = resolve_checkpoint(self.source, self.revision, layout=ADAPTER_LAYOUT)
        if is_adapter(folder):
            return resolve_checkpoint(self.base, layout=LAYOUT), folder
        return folder, None

    def find_folder(self) -> Path:
        """Find the folder with the network's config.json and tokenizer.model; it is fetched if need be."""
        return self.find_parts()[0]

    def fingerprint_weights(self) -> Any:
        """Name the content of the base and of the adapter, or of a merged network."""
        from videophy_lab.judges.owl.adapter import fingerprint_adapter
        from videophy_lab.judges.owl.checkpoint import fingerprint_checkpoint

        base, adapter = self.find_parts()
        if adapter is None:
            return fingerprint_checkpoint(base)
        return {"base": fingerprint_checkpoint(base), "adapter": fingerprint_adapter(adapter)}

    def load_weights(self, folder: Path, dtype: torch.dtype, device: str) -> OwlNetwork:
        """Load the network, the adapter merged into it."""
        from videophy_lab.judges.owl.adapter import load_adapted

        base, adapter = self.find_parts()
        if adapter is None:
            return super().load_weights(folder, dtype, device)
        return load_adapted(base, adapter, dtype=dtype, device=device, device_map=self.device_map or None)
