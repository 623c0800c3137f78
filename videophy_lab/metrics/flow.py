"""Optical flow: RAFT with the weights that VBench uses, and DIS, which needs none."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from videophy_lab.devices import choose_device
from videophy_lab.extras import import_extra
from videophy_lab.judges.base import Answer, Question, unscored
from videophy_lab.metrics.base import FrameMetric
from videophy_lab.places import hash_file
from videophy_lab.weights import WeightsError

if TYPE_CHECKING:
    import torch

DIS = "DIS, medium preset"
# for frames with a side below 32 OpenCV chooses scales that lead out of them, which ends the process
DIS_SIDE = 48
RAFT_UPDATES = 20
RAFT_MULTIPLE = 8
# torchvision's correlations need 16 places a side, each of 8 pixels
RAFT_SIDE = 128
RAFT_OPTION = "dynamic_degree.checkpoint"


@dataclass(kw_only=True)
class FlowMetric(FrameMetric):
    """A metric of optical flow, which says of which frames it cannot be measured; its number is NaN there.

    Attributes
    ----------
    least_side : int
        Fewest pixels of the shorter side.
    """

    least_side: ClassVar[int] = DIS_SIDE

    def find_obstacle(self, frames: np.ndarray) -> str:
        """Say why frames of shape (frames, height, width, 3) cannot be measured; empty if they can."""
        height, width = frames.shape[1:3]
        if len(frames) < self.least_frames:
            return (
                f"{self.card.name} needs {self.least_frames} or more of the frames it looks at (rule "
                f"{self.view.rule}); the video has {len(frames)}"
            )
        if min(height, width) < self.least_side:
            return (
                f"{self.card.name} needs frames of {self.least_side} or more pixels a side; the video has "
                f"{width}×{height}"
            )
        return ""

    def _answer(self, frames: np.ndarray, asked: Sequence[Question]) -> list[Answer]:
        obstacle = self.find_obstacle(frames)
        return [unscored(obstacle)] * len(asked) if obstacle else super()._answer(frames, asked)


def estimate_dis_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Estimate where the pixels of one frame have gone in another, by DIS; equal on every run.

    Parameters
    ----------
    first, second : array of uint8, shape (height, width, 3)
        RGB, 48 or more pixels a side; their luma is looked at.

    Returns
    -------
    array of float32, shape (height, width, 2)
        Pixels to the right and down.

    Raises
    ------
    ValueError
        The frames are too small.

    References
    ----------
    Kroeger et al. (2016), Fast optical flow using dense inverse search, ECCV; OpenCV's ``DISOpticalFlow``
    with its medium preset.
    """
    import cv2

    if min(first.shape[:2]) < DIS_SIDE:
        raise ValueError(
            f"DIS flow needs frames of {DIS_SIDE} or more pixels a side; these have the shape {first.shape}. "
            "Remedy: make them larger."
        )
    estimator = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (first, second)]
    flow: np.ndarray = estimator.calc(greys[0], greys[1], None)  # type: ignore[call-overload]
    return flow


def estimate_raft_flow(network: torch.nn.Module, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Estimate where the pixels of one frame have gone in another, by RAFT as VBench runs it.

    20 updates, of frames whose edges are repeated until both sides are multiples of 8.

    Parameters
    ----------
    network : Module
        As from :func:`load_raft`.
    first, second : array of uint8, shape (height, width, 3)
        RGB, 121 or more pixels a side.

    Returns
    -------
    array of float32, shape (padded height, padded width, 2)
        Pixels to the right and down, the repeated edges included.

    References
    ----------
    Teed and Deng (2020), RAFT, ECCV; Vchitect/VBench@45e79ec, vbench/dynamic_degree.py.
    """
    import torch

    device = next(network.parameters()).device
    # frames of a clip are read-only, which torch takes only as a copy
    pair = torch.from_numpy(np.stack([first, second])).to(device).permute(0, 3, 1, 2).float()
    sides = find_padding(*pair.shape[2:])
    scaled = torch.nn.functional.pad(2 * (pair / 255) - 1, sides, mode="replicate").contiguous()
    with torch.inference_mode():
        flows = network(scaled[:1], scaled[1:], num_flow_updates=RAFT_UPDATES)
    found: np.ndarray = flows[-1][0].permute(1, 2, 0).cpu().numpy()
    return found


def find_padding(height: int, width: int) -> tuple[int, int, int, int]:
    """Give the pixels to repeat (left, right, top, bottom) up to multiples of 8, as RAFT does for Sintel."""
    across, down = (-side % RAFT_MULTIPLE for side in (width, height))
    return across // 2, across - across // 2, down // 2, down - down // 2


def load_raft(path: Path, device: str = "auto") -> Any:
    """Load torchvision's large RAFT from a file with its tensors; nothing but tensors is unpickled.

    Raises
    ------
    WeightsError
        The file is damaged, or holds another network.
    """
    torch = import_extra("torch", "judges")
    models: Any = import_extra("torchvision.models.optical_flow", "vision")
    # without memory of its own the network draws no random weights, which would all be replaced
    with torch.device("meta"):
        network = models.raft_large(weights=None)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(tensors, assign=True)
    except (RuntimeError, UnpicklingError, EOFError, OSError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(
            f"{path} cannot be read as torchvision's raft_large ({reason}). Remedy: give {RAFT_OPTION} a "
            "file with its state dict (the RAFT repository's name their tensors otherwise), or leave it out."
        ) from error
    network.to(choose_device(device)).eval()
    return network


def find_raft_file(given: str = "") -> Path | None:
    """Give the file of RAFT's weights where it is on this machine, else None; uses no network.

    Parameters
    ----------
    given : str
        The user's own file, taken as it is; empty for the published one in torch's cache, which counts as
        there when its checksum is the one in its name.

    Raises
    ------
    WeightsError
        The user's file is not there.
    """
    if not given:
        path, _ = locate_raft()
        return path if path.is_file() and hash_file(path).startswith(read_prefix(path)) else None
    path = Path(given).expanduser()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise WeightsError(
            f"the file {given!r} {what}. Remedy: give {RAFT_OPTION} a file with torchvision's raft_large, or "
            "leave it out: the published one is then fetched once."
        )
    return path


def locate_raft() -> tuple[Path, Any]:
    """Give the place of RAFT's published weights in torch's cache, and torchvision's entry on them."""
    torch = import_extra("torch", "judges")
    models = import_extra("torchvision.models.optical_flow", "vision")
    entry = models.Raft_Large_Weights.C_T_V1
    return Path(torch.hub.get_dir()) / "checkpoints" / entry.url.rpartition("/")[2], entry


def read_prefix(path: Path) -> str:
    """Read the beginning of a file's SHA-256 in its name, as in ``raft_large_C_T_V1-22a6c225.pth``."""
    return path.stem.rpartition("-")[2]


def describe_absent_raft(given: str = "") -> str:
    """Say which file of weights a run would have to fetch, and how large it is; empty when it is here."""
    if find_raft_file(given) is not None:
        return ""
    path, entry = locate_raft()
    return f"the file {path.name}, {entry.meta['_file_size'] * 2**20 / 1e6:.0f} MB, from {entry.url}"


def resolve_raft_file(given: str = "") -> Path:
    """Give the file of RAFT's weights, fetching the published one where it is not on this machine.

    Raises
    ------
    WeightsError
        The user's file is not there; no network, no room, or other bytes than the published ones.
    """
    found = find_raft_file(given)
    if found is not None:
        return found
    torch = import_extra("torch", "judges")
    path, entry = locate_raft()
    sys.stderr.write(f"fetching {describe_absent_raft()}\n")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(entry.url, str(path), hash_prefix=read_prefix(path))
    except (OSError, RuntimeError) as error:  # a wrong checksum is a RuntimeError
        raise WeightsError(
            f"{path.name} could not be fetched from {entry.url} ({error}). Remedy: check the network and try "
            f"again. Or, on a machine with a network, type\n  curl -fL -o {path.name} {entry.url}\n"
            f"and give that file as --option {RAFT_OPTION}=FILE, or put it into {path.parent}"
        ) from error
    return path
