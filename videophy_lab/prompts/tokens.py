"""How many tokens CLIP's text encoder reads of a text: 77, the marks of start and end included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.extras import import_extra
from videophy_lab.schema.tokens import CLIP_LIMIT, COUNTED
from videophy_lab.weights import Layout, WeightsError, resolve_checkpoint
from videophy_lab.weights.hub import find_local_checkpoint

if TYPE_CHECKING:
    import pandas as pd

TOKENIZER = "openai/clip-vit-large-patch14"
MARKS = 2
EXTRA = "judges"
FILES = ("vocab.json", "merges.txt")
BOUNDED, UNCHECKED = "upper bound", "not checked"


@dataclass(frozen=True)
class TokenizerLayout(Layout):
    """The files of a tokenizer alone; weights are neither looked for nor fetched."""

    def list_missing(self, folder: Path) -> list[str]:
        """Name the files that a folder lacks."""
        return [name for name in self.required if not (folder / name).is_file()]

    def list_local_patterns(self) -> list[str]:
        """List the files that may be here."""
        return list(self.settings)

    def choose_patterns(self, files: list[str]) -> list[str]:
        """Choose what to fetch."""
        return list(self.settings)


LAYOUT = TokenizerLayout(required=FILES, settings=(*FILES, "tokenizer_config.json"), by_hand=FILES)


def load_tokenizer(name: str = "") -> Any | None:
    """Load CLIP's tokenizer.

    Parameters
    ----------
    name : str
        A folder with ``vocab.json`` and ``merges.txt``, or a repository of the hub, from which these two are
        fetched, and ``tokenizer_config.json`` where it has one. When empty, that of
        openai/clip-vit-large-patch14 where it is on this machine, else none.

    Returns
    -------
    CLIPTokenizer or None

    Raises
    ------
    WeightsError
        A name was given, and there is no such tokenizer.
    ImportError
        A name was given, and transformers is not installed.
    """
    if name:
        return read_tokenizer(resolve_checkpoint(name, layout=LAYOUT))
    folder = find_local_checkpoint(TOKENIZER, layout=LAYOUT)
    try:
        return None if folder is None else read_tokenizer(folder)
    except ImportError:
        return None


def check_tokenizer(name: str) -> None:
    """Check a tokenizer's name as far as that goes without the hub: nothing is fetched.

    Raises
    ------
    WeightsError, ImportError
        As :func:`load_tokenizer`.
    """
    folder = find_local_checkpoint(name, layout=LAYOUT) if name else None
    if folder is not None:
        read_tokenizer(folder)


def read_tokenizer(folder: Path) -> Any:
    """Make the tokenizer of a folder's files."""
    transformers = import_extra("transformers", EXTRA)
    missing = LAYOUT.list_missing(folder)
    try:
        if missing:
            raise FileNotFoundError(f"it has no {missing[0]}")
        return transformers.CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # a file that is none of its own makes the library raise anything
        raise WeightsError(
            f"{folder} has no tokenizer of CLIP ({error}). Remedy: hf download {TOKENIZER} {' '.join(FILES)} "
            "--local-dir clip, and give that folder."
        ) from error


def count_tokens(texts: Sequence[str], tokenizer: Any) -> list[int]:
    """Count tokens, marks of start and end included."""
    return [len(tokenizer(text, verbose=False).input_ids) for text in texts]


def bound_tokens(text: str) -> int:
    """Give the most tokens that a text can have, marks of start and end included.

    CLIP joins bytes and never parts one, so that there are at most as many tokens as UTF-8 bytes that are no
    blanks. That settles it for texts of at most 75 bytes, and tells nothing of longer ones.
    """
    return len("".join(text.split()).encode()) + MARKS


def check_tokens(prompts: pd.DataFrame, tokenizer: Any | None, *, limit: int = CLIP_LIMIT) -> pd.DataFrame:
    """Add to prompts how long their texts are for CLIP.

    Parameters
    ----------
    prompts : DataFrame
        ``caption``, and ``upsampled_caption`` where there is one. Without a tokenizer, ``caption_tokens``
        stay where ``tokens_method`` is ``clip``: they were counted before.
    tokenizer : CLIPTokenizer or None
        Of :func:`load_tokenizer`.

    Returns
    -------
    DataFrame
        With ``caption_tokens`` and ``upsampled_tokens`` (where there is such a caption), blank where
        nothing was counted; ``fits_clip``, whether the caption has at most 77; ``tokens_method``, how that is
        known: ``clip`` (counted), ``upper bound`` (so short that it fits whatever the tokens are), or
        ``not checked``, where ``fits_clip`` is blank.
    """
    import pandas as pd

    table = prompts.copy()
    before = find_counts(prompts)
    for column, name in (("caption", "caption_tokens"), ("upsampled_caption", "upsampled_tokens")):
        if column in table.columns:
            known = table[column].notna() & (tokenizer is not None)
            table[name] = None
            table.loc[known, name] = count_tokens(table.loc[known, column].tolist(), tokenizer)
            table[name] = table[name].astype("Int64")
    if tokenizer is not None:
        return table.assign(
            tokens_method=COUNTED, fits_clip=table["caption_tokens"].le(limit).astype("boolean")
        )
    fits = [isinstance(text, str) and bound_tokens(text) <= limit for text in table["caption"]]
    method = pd.Series([BOUNDED if fit else UNCHECKED for fit in fits], index=table.index, dtype="str")
    known_fits = pd.Series([True if fit else None for fit in fits], index=table.index, dtype="boolean")
    return table.assign(
        caption_tokens=before,
        tokens_method=method.mask(before.notna(), COUNTED),
        fits_clip=before.le(limit).fillna(known_fits),
    )


def find_counts(prompts: pd.DataFrame) -> pd.Series:
    """Find how many tokens of captions were counted in an earlier run, blank where none were."""
    import pandas as pd

    if not {"caption_tokens", "tokens_method"} <= set(prompts.columns):
        return pd.Series(pd.NA, index=prompts.index, dtype="Int64")
    numbers = pd.to_numeric(prompts["caption_tokens"], errors="coerce")
    is_count = prompts["tokens_method"].eq(COUNTED).fillna(False) & numbers.mod(1).eq(0)
    return numbers.where(is_count).astype("Int64")


def tell_unchecked(prompts: pd.DataFrame) -> str:
    """Say of how many captions nobody knows whether CLIP reads them whole, and what to type; else empty."""
    n_unchecked = int(prompts["tokens_method"].eq(UNCHECKED).sum())
    if not n_unchecked:
        return ""
    return (
        f"77-token check not done for {n_unchecked} of {len(prompts)} captions: CLIP's tokenizer is not on "
        f"this machine. Type the same with: --tokenizer {TOKENIZER}"
    )
