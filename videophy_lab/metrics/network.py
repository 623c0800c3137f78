"""What metrics on networks share: weights, the device, and frames in chunks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.devices import DTYPES, choose_device
from videophy_lab.extras import import_extra
from videophy_lab.judges.base_network import NetworkScorer
from videophy_lab.metrics.base import FrameMetric

if TYPE_CHECKING:
    import numpy as np
    import torch

EXTRA = "judges"


@dataclass(kw_only=True)
class NetworkMetric(NetworkScorer, FrameMetric):
    """A metric that looks at frames through a network.

    A subclass gives :meth:`load_network` and `measure`, which finds the network at ``self._network``.

    It has the options of :class:`NetworkScorer`, and these.

    Parameters
    ----------
    chunk : int
        Most frames in one pass; bounds the memory.
    """

    dtype: str = "fp32"
    chunk: int = 32
    _network: Any = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_least(chunk=1)

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a score; weights that are not here are fetched for it, not loaded."""
        import_extra("torch", EXTRA)
        return {
            "scorer": self.card.name,
            "frames": asdict(self.view),
            "weights": self.fingerprint_weights(),
            "dtype": self.choose_dtype(),
        }

    def prepare(self) -> None:
        """Load the network, once.

        Raises
        ------
        ValueError
            Weights that cannot be found, fetched or used, or a device that is not there.
        ImportError
            An extra is not installed.
        """
        if self._network is not None:
            return
        torch = import_extra("torch", EXTRA)
        device = choose_device(self.device)
        network = self.load_network(self.find_folder())
        dtype = getattr(torch, DTYPES[self.choose_dtype()])
        self._network = network.to(device=device, dtype=dtype).eval()

    @abstractmethod
    def load_network(self, folder: Path) -> torch.nn.Module:
        """Load the network from the folder of its weights."""

    def split_frames(self, frames: np.ndarray) -> Iterator[torch.Tensor]:
        """Give frames in chunks on the network's device, float32 of 0–255, shape (n, 3, height, width)."""
        import numpy as np
        import torch

        self.prepare()
        device = next(self._network.parameters()).device
        for start in range(0, len(frames), self.chunk):
            # frames of a clip are read-only, which torch takes only as a copy
            part = torch.from_numpy(np.array(frames[start : start + self.chunk])).to(device)
            yield part.permute(0, 3, 1, 2).float()
