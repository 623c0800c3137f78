"""What scorers on networks share: where the weights lie, the device, and the precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from videophy_lab.devices import DTYPES, choose_dtype
from videophy_lab.judges.base import Scorer
from videophy_lab.weights import TRANSFORMERS, Layout, describe_absent, fingerprint_folder, resolve_checkpoint


@dataclass(kw_only=True)
class NetworkScorer(Scorer):
    """A judge or a metric that loads a network.

    Parameters
    ----------
    checkpoint : str
        Folder or repository of the hub with the weights; those on the card when empty.
    revision : str
        Commit, branch or tag of the repository.
    device : str
        ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:1``.
    dtype : {"auto", "bf16", "fp16", "fp32"}
        Precision; ``auto`` is bf16 on CUDA and fp32 on a CPU.

    Attributes
    ----------
    layout : Layout
        What belongs to the checkpoint beside its weights.
    weights_option : str
        What a user types before a folder of the weights; errors name it.
    """

    checkpoint: str = ""
    revision: str = ""
    device: str = "auto"
    dtype: str = "auto"
    weights_option: str = field(default="--checkpoint", init=False, repr=False, compare=False)
    _chosen: str = field(default="", init=False, repr=False, compare=False)

    layout: ClassVar[Layout] = TRANSFORMERS

    def __post_init__(self) -> None:
        self.check_allowed(dtype=("auto", *DTYPES))

    def check_allowed(self, **allowed: Sequence[str]) -> None:
        """Check options against the words that each may be; raise ValueError that lists them."""
        for name, words in allowed.items():
            if getattr(self, name) not in words:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}. Allowed: {', '.join(map(repr, words))}."
                )

    def check_least(self, **bounds: int) -> None:
        """Check that options are at least so much; raise ValueError that says how much."""
        for name, least in bounds.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {least}.")

    @property
    def source(self) -> str:
        """Give the folder or the repository of the weights."""
        return self.checkpoint or self.card.weights

    def find_absent(self) -> str:
        """Say which weights a run would have to fetch first, and how large they are."""
        return describe_absent(self.source, self.revision, layout=self.layout)

    def find_folder(self) -> Path:
        """Find the folder of the weights; they are fetched if need be."""
        return resolve_checkpoint(self.source, self.revision, layout=self.layout, option=self.weights_option)

    def fingerprint_weights(self) -> Any:
        """Name the content of all weights."""
        return fingerprint_folder(self.find_folder(), self.layout)

    def choose_dtype(self) -> str:
        """Give the precision that is used; once chosen it goes along to other processes and machines."""
        if not self._chosen:
            self._chosen = choose_dtype(self.dtype, self.device)
        return self._chosen
