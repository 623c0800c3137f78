"""Probes that leave the video as it is and give another caption."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

CAPTION_SWAP, CAPTION_PARAPHRASE = "caption_swap", "caption_paraphrase"
CAPTION_PROBES = (CAPTION_SWAP, CAPTION_PARAPHRASE)


def has_other_caption(probes: pd.Series) -> pd.Series:
    """Tell which names of probes stand for another caption; a blank stands for none."""
    return probes.fillna("").str.startswith(CAPTION_PROBES)
