"""How free of distortions a video's frames are, through a package that the user installs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from videophy_lab.devices import choose_device
from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Card
from videophy_lab.metrics.base import FrameMetric, check_frames
from videophy_lab.metrics.embedding import resize_frames
from videophy_lab.metrics.network import EXTRA
from videophy_lab.torchvision_guard import guard_torchvision

if TYPE_CHECKING:
    from types import ModuleType

    import torch

NETWORK = "musiq-spaq"
MOST_PIXELS = 512


@dataclass(kw_only=True)
class ImagingQuality(FrameMetric):
    """Imaging quality as VBench defines it: MUSIQ, fitted to people's ratings of phone pictures (SPAQ).

    A frame whose longer side exceeds 512 pixels is resized to 512 (bilinear, no filter against aliases); the
    network looks at one frame at a time, and the number is the mean over all frames. It stays on the
    network's 0–100: VBench divides by 100 only when it averages over videos.

    The network and its weights are those of pyiqa, as in VBench. Its licence, PolyForm Noncommercial, keeps
    it out of what we install; whoever may use it types ``pip install pyiqa``. It fetches its weights itself,
    on the first use, into torch's folder for downloads.

    Parameters
    ----------
    device : str
        ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:1``.

    References
    ----------
    Ke et al. (2021), MUSIQ: multi-scale image quality transformer, ICCV.
    Huang et al. (2024), VBench, CVPR; github.com/Vchitect/VBench@45e79ec, vbench/imaging_quality.py.
    github.com/chaofengc/IQA-PyTorch@01ae427, pyiqa/models/inference_model.py.
    """

    device: str = "auto"
    _network: Any = field(default=None, init=False, repr=False, compare=False)

    card: ClassVar[Card] = Card(
        name="imaging_quality",
        summary="MUSIQ for phone pictures (SPAQ), mean over frames (VBench's definition, times 100)",
        tasks=("imaging_quality",),
        scale="about 0–100",
        weights=f"{NETWORK} of pyiqa",
        size="0.1 GB",
        licence="pyiqa PolyForm Noncommercial 1.0.0, its weights CC BY-NC-SA 4.0; never installed by us",
        needs="judges, and of the package pyiqa (not for commerce): pip install pyiqa",
    )

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; each version of pyiqa names its weights by their hash."""
        version = import_pyiqa().__version__
        frames = asdict(self.view)
        return {"scorer": self.card.name, "frames": frames, "network": NETWORK, "pyiqa": version}

    def prepare(self) -> None:
        """Make the network, once.

        Raises
        ------
        ValueError
            A device that is not there, or weights that could not be fetched.
        ImportError
            pyiqa or the extra ``judges`` is not installed.
        """
        if self._network is not None:
            return
        pyiqa, device = import_pyiqa(), choose_device(self.device)
        try:
            self._network = pyiqa.create_metric(NETWORK, device=device)
        except (OSError, RuntimeError) as error:
            raise ValueError(
                f"pyiqa could not make its network {NETWORK} ({error}). Remedy: check the network and the "
                "disk, since it fetches its weights on the first use, and try again."
            ) from error

    def measure(self, frames: np.ndarray) -> float:
        """Measure frames, uint8 RGB of shape (frames, height, width, 3); NaN for none."""
        check_frames(frames)
        self.prepare()
        import torch

        with torch.inference_mode():
            values = [float(self._network(prepare_frame(frame))) for frame in frames]
        return fmean(values) if values else math.nan


def prepare_frame(frame: np.ndarray) -> torch.Tensor:
    """Turn a frame, uint8 of shape (height, width, 3), into what MUSIQ is given, shape (1, 3, …) on 0–1."""
    import torch

    picture = torch.from_numpy(np.array(frame)).permute(2, 0, 1)[None].float()
    height, width = frame.shape[:2]
    if max(height, width) > MOST_PIXELS:
        share = MOST_PIXELS / max(height, width)
        picture = resize_frames(picture, (int(share * height), int(share * width)), mode="bilinear")
    return picture / 255


def import_pyiqa() -> ModuleType:
    """Import pyiqa; raise ImportError that says what to type and what its licence allows."""
    import_extra("torch", EXTRA)
    # it imports torchvision and transformers
    guard_torchvision()
    try:
        return import_module("pyiqa")
    except ImportError as error:
        raise ImportError(
            f"pyiqa cannot be imported ({error}). It is no part of any extra, since its licence (PolyForm "
            "Noncommercial 1.0.0) allows no commercial use. Remedy, where that is right: pip install pyiqa"
        ) from error
