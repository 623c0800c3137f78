"""Interpolators: what predicts the frame halfway between two, for motion smoothness.

One is a class without arguments that has the methods of :class:`Interpolator`, and ``prepare()`` if it has
something to load. A package registers it by an entry point::

    [project.entry-points."videophy_lab.interpolators"]
    amt_s = "my_package:AmtS"

AMT-S, which VBench uses, is CC BY-NC 4.0 and does not ship; with its code and weights installed it is::

    class AmtS:
        def describe(self):
            return {"network": "AMT-S", "weights": hash_file(WEIGHTS), "scale": 1}

        def prepare(self):
            self.network = load_amt(WEIGHTS).cuda().eval()

        def interpolate(self, first, second):
            pairs = [pad(torch.tensor(frames).cuda().permute(0, 3, 1, 2) / 255) for frames in (first, second)]
            half = torch.full((len(first), 1, 1, 1), 0.5).cuda()
            with torch.inference_mode():
                middle = self.network(*pairs, half, scale_factor=1, eval=True)["imgt_pred"]
            return to_bytes(crop(middle))

How frames are padded and scaled is the interpolator's business, and part of what it describes. VBench repeats
the edges up to multiples of 16; on a GPU whose memory is small for the frames it lets the network look for
motion at a lower resolution, by a factor that it computes from the size of that memory, so that its scores of
large frames depend on the card.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from typing import Any, Protocol

import numpy as np

from videophy_lab.metrics.flow import DIS, estimate_dis_flow
from videophy_lab.registry import find_class, list_names, name_group

KIND = "interpolators"


class Interpolator(Protocol):
    """What predicts middle frames."""

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a prediction (weights, padding, scale), for the spec."""
        ...

    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Predict the frames halfway between pairs of frames.

        Parameters
        ----------
        first, second : array of uint8, shape (pairs, height, width, 3)
            RGB, 1 to 8 pairs; read-only.

        Returns
        -------
        array of uint8, shape (pairs, height, width, 3)
        """
        ...


class FlowInterpolator:
    """Move both frames halfway along the DIS flow between them, and average what they show.

    Where one of them would have to show what lies outside of it, the other one is taken. Our own definition.
    """

    def describe(self) -> Mapping[str, Any]:
        """Give the flow and the rule."""
        return {"flow": DIS, "middle": "mean of both frames moved halfway"}

    def interpolate(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Predict the frames halfway between pairs of frames, uint8 of shape (pairs, height, width, 3)."""
        return np.stack([interpolate_by_flow(*pair) for pair in zip(first, second, strict=True)])


def interpolate_by_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Predict the frame halfway between two, uint8 of shape (height, width, 3), by DIS flow both ways."""
    forward, forward_inside = move_halfway(first, estimate_dis_flow(first, second))
    backward, backward_inside = move_halfway(second, estimate_dis_flow(second, first))
    middle = (forward + backward) / 2
    for frame, chosen in (
        (forward, forward_inside & ~backward_inside),
        (backward, backward_inside & ~forward_inside),
    ):
        middle[chosen] = frame[chosen]
    rounded: np.ndarray = np.rint(middle).astype(np.uint8)
    return rounded


def move_halfway(frame: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Move a frame by half a flow.

    The flow at the place to which something moves stands for that at the place from which it comes; they
    differ at the edges of things.

    Parameters
    ----------
    frame : array of uint8, shape (height, width, 3)
    flow : array of float32, shape (height, width, 2)
        Pixels to the right and down.

    Returns
    -------
    moved : array of float32, shape (height, width, 3)
        Bilinear; beyond the frame its edge goes on.
    inside : array of bool, shape (height, width)
        Where what is shown comes from within the frame.
    """
    import cv2

    height, width = frame.shape[:2]
    rows, columns = np.indices((height, width), dtype=np.float32)
    x, y = columns - flow[..., 0] / 2, rows - flow[..., 1] / 2
    edges = cv2.BORDER_REPLICATE
    moved: np.ndarray = cv2.remap(frame.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=edges)
    return moved, (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def load_interpolator(name: str) -> Any:
    """Make the interpolator of a name; its network is loaded later, by its ``prepare()``.

    Parameters
    ----------
    name : str
        Of an entry point in the group ``videophy_lab.interpolators``, or ``module:attribute``.

    Raises
    ------
    ValueError
        No such name, or what it stands for is no interpolator.
    ImportError
        What it stands for cannot be imported.
    """
    made = import_class(name)()
    missing = [method for method in ("describe", "interpolate") if not callable(getattr(made, method, None))]
    if missing:
        raise ValueError(
            f"the interpolator {name!r} has no {' and no '.join(missing)}. Remedy: give a class with the "
            f"methods of {__name__}.Interpolator."
        )
    return made


def import_class(name: str) -> Any:
    """Import the class that a name, or ``module:attribute``, stands for."""
    if ":" not in name:
        return find_class(name, KIND)
    try:
        return EntryPoint(name, name, name_group(KIND)).load()
    except (ImportError, AttributeError) as error:
        raise ImportError(
            f"the interpolator {name!r} cannot be imported: {error}. Remedy: install its package, or correct "
            "the module:attribute."
        ) from error


def list_interpolators() -> str:
    """List the names of the interpolators that packages on this machine bring."""
    return ", ".join(sorted(list_names(KIND))) or "none"
