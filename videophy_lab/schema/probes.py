"""Names of probes that more than one floor speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# the null edit, with which every other probe is compared
NULL = "reencode"
# the same file asked about again
REPEAT = "repeat"
# the video as it is with another caption
CAPTION_SWAP, CAPTION_PARAPHRASE = "caption_swap", "caption_paraphrase"
CAPTION_PROBES = (CAPTION_SWAP, CAPTION_PARAPHRASE)


def has_other_caption(probes: pd.Series) -> pd.Series:
    """Tell which names of probes stand for another caption; a blank stands for none."""
    return probes.fillna("").str.startswith(CAPTION_PROBES)
