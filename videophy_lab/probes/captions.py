"""Other captions for the questions about videos: another prompt's, or the same in other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from videophy_lab.probes.settings import find_draw
from videophy_lab.schema import TableError, read_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Wording:
    """Another caption for one video, or the reason why there is none.

    Attributes
    ----------
    text : str
    error : str
    """

    text: str = ""
    error: str = ""


def fold_text(text: str) -> str:
    """Give what two captions have in common that say the same letter by letter: no case, no extra blanks."""
    return " ".join(text.split()).casefold()


def swap_captions(videos: pd.DataFrame, seed: int) -> dict[str, str]:
    """Give each caption another one, each of them once, in an order that is drawn.

    Where the videos have an ``action``, the other caption is of another action, unless more than half of all
    captions are of one: two captions of one action may be true of one video.

    Parameters
    ----------
    videos : DataFrame
        ``caption`` (empty where not known), and ``action`` where known.
    seed : int

    Returns
    -------
    dict
        Caption → another caption.

    Raises
    ------
    TableError
        There are not two captions.
    """
    known = videos[videos["caption"].ne("")].drop_duplicates("caption")
    # captions that are the same but for case count as one
    actions = known["action"].fillna("") if "action" in known.columns else known["caption"].map(lambda _: "")
    groups: dict[str, str] = {}
    texts: dict[str, str] = {}
    for caption, action in sorted(zip(known["caption"], actions, strict=True)):
        texts.setdefault(fold_text(caption), caption)
        groups.setdefault(fold_text(caption), fold_text(str(action)) or fold_text(caption))
    if len(texts) < 2:
        raise TableError(
            f"caption_swap needs two different captions, and the videos have {len(texts)}. Remedy: give "
            "videos of several prompts with their captions (--prompts), or leave that probe out."
        )
    others = shift_groups(groups, np.random.default_rng(find_draw(seed, "", "caption_swap")))
    return {caption: texts[others[fold_text(caption)]] for caption in known["caption"]}


def shift_groups(groups: Mapping[str, str], rng: np.random.Generator) -> dict[str, str]:
    """Give each name one of another group, each once; of the same group only where there is no other way."""
    names = list(groups)
    names = [names[place] for place in rng.permutation(len(names))]
    members: dict[str, list[str]] = {}
    for name in names:
        members.setdefault(groups[name], []).append(name)
    largest = max(map(len, members.values()))
    if 2 * largest > len(names):
        return dict(zip(names, names[1:] + names[:1], strict=True))
    # members of a group stand together, so that a step of the largest leads out of each
    line = [name for group in members.values() for name in group]
    return dict(zip(line, line[largest:] + line[:largest], strict=True))


def read_paraphrases(path: str | Path) -> dict[str, list[str]]:
    """Read paraphrases from a table.

    Parameters
    ----------
    path : path
        CSV with ``prompt_id`` and ``paraphrase``; several rows of a prompt are its paraphrases 1, 2, ….

    Returns
    -------
    dict
        prompt_id → paraphrases.

    Raises
    ------
    TableError
        A column is missing, or a cell is blank.
    """
    if not Path(path).is_file():
        raise TableError(f"{path}: there is no such file. Remedy: check the path (you are in {Path.cwd()}).")
    rows = read_rows(path)
    missing = [name for name in ("prompt_id", "paraphrase") if name not in rows.columns]
    if missing:
        raise TableError(
            f"{path}: it has no column {missing[0]!r}, only {', '.join(rows.columns)}. Remedy: name its "
            "columns prompt_id,paraphrase."
        )
    blank = rows[rows[["prompt_id", "paraphrase"]].isna().any(axis=1)]
    if len(blank):
        raise TableError(
            f"{path}: row {blank.index[0] + 1} has a blank cell. Remedy: fill it in, or delete it."
        )
    found: dict[str, list[str]] = {}
    for prompt_id, text in zip(rows["prompt_id"], rows["paraphrase"], strict=True):
        found.setdefault(prompt_id.strip(), []).append(text.strip())
    return found


def find_fault(caption: str, paraphrases: Sequence[str]) -> str:
    """Say why texts are no paraphrases of a caption, letter by letter; empty where they may be."""
    folded = [fold_text(text) for text in paraphrases]
    if "" in folded:
        return "a paraphrase has no words"
    if fold_text(caption) in folded:
        return f"a paraphrase is the caption itself: {caption!r}"
    if len(set(folded)) < len(folded):
        return f"two paraphrases of the caption {caption!r} are the same"
    return ""


def check_paraphrases(
    captions: Mapping[str, str], paraphrases: Mapping[str, Sequence[str]], source: str
) -> None:
    """Check that paraphrases differ from their captions and from one another.

    Parameters
    ----------
    captions : mapping of prompt_id to caption
    paraphrases : mapping of prompt_id to paraphrases
    source : str
        For the error.
    """
    for prompt_id, texts in paraphrases.items():
        fault = find_fault(captions[prompt_id], texts) if prompt_id in captions else ""
        if fault:
            raise TableError(f"{source}: prompt {prompt_id}: {fault}. Remedy: write it in other words.")
