"""Texts as OpenCLIP reads them: cleaned, in lower case, filled up with zeros.

Source: open_clip/tokenizer.py of OpenCLIP 2.22, the version that the authors' requirements name. Its words
are those of transformers' CLIPTokenizer; what differs is the cleaning before, and the filling up: the tokens
behind a text are seen by the denoiser, so another filling makes another video.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from videophy_lab.extras import import_extra
from videophy_lab.weights import WeightsError

EXTRA = "diffusion"
START, END = "<|startoftext|>", "<|endoftext|>"
FILLING = 0


def clean_text(text: str) -> str:
    """Mend broken characters and entities of HTML, join white space, and take lower case.

    A mark of start or end that stands in a text is parted by spaces, so that it is text to the tokenizer.
    """
    fixed = import_extra("ftfy", EXTRA).fix_text(text)
    words = html.unescape(html.unescape(fixed)).split()
    cleaned = " ".join(words).lower()
    for mark in (START, END):
        cleaned = cleaned.replace(mark, f"{mark[:2]} {mark[2:-2]} {mark[-2:]}")
    return cleaned


def load_tokenizer(folder: Path, vocabulary: int) -> Any:
    """Make the tokenizer of vocab.json and merges.txt.

    Raises
    ------
    WeightsError
        Files that cannot be read, or a vocabulary of another size than the text encoder's.
    """
    transformers = import_extra("transformers", EXTRA)
    try:
        words = json.loads((folder / "vocab.json").read_text("utf-8"))
        lines = (folder / "merges.txt").read_text("utf-8").splitlines()
        merges = [tuple(line.split()) for line in lines if line.strip() and not line.startswith("#version")]
        tokenizer = transformers.CLIPTokenizer(vocab=words, merges=merges)
        # the text comes cleaned, and composing characters once more would change it
        tokenizer.backend_tokenizer.normalizer = None
    except Exception as error:  # a file that is none of its own makes the library raise anything
        raise WeightsError(
            f"vocab.json and merges.txt in {folder} cannot be read as CLIP's tokenizer ({error}). Remedy: "
            "fetch them again: hf download openai/clip-vit-large-patch14 vocab.json merges.txt"
        ) from error
    if len(tokenizer) != vocabulary or {START, END} - words.keys():
        raise WeightsError(
            f"vocab.json in {folder} has {len(tokenizer)} tokens, and the text encoder knows {vocabulary}, "
            f"{START} and {END} among them. Remedy: give CLIP's tokenizer, as in "
            "openai/clip-vit-large-patch14."
        )
    return tokenizer


def tokenise(tokenizer: Any, text: str) -> list[int]:
    """Turn a text into all of its tokens, marks of start and end included."""
    ids = tokenizer(clean_text(text), add_special_tokens=False, verbose=False).input_ids
    return [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]


def fill_up(ids: Sequence[int], length: int) -> list[int]:
    """Bring tokens to a length: cut before the mark of the end, which stays last, or filled up with zeros."""
    kept = [*ids[: length - 1], ids[-1]] if len(ids) > length else list(ids)
    return kept + [FILLING] * (length - len(kept))
