"""Which other captions a run asks with: swapped, from a table, or from a language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.probes.captions import Wording, check_paraphrases, read_paraphrases, swap_captions
from videophy_lab.probes.choosing import Part
from videophy_lab.schema.probes import CAPTION_PARAPHRASE, CAPTION_SWAP

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.probes.paraphrase import Paraphraser


@dataclass(frozen=True)
class Words:
    """Where other captions come from.

    Attributes
    ----------
    seed : int
        Of the swap.
    file : mapping of prompt_id to paraphrases
        From a table; empty without one.
    model : Paraphraser, optional
    count : int
        Paraphrases of each caption.
    """

    seed: int
    file: Mapping[str, Sequence[str]] = field(default_factory=dict)
    model: Paraphraser | None = None
    count: int = 1

    def list_captions(self, videos: pd.DataFrame) -> dict[str, str]:
        """List the captions of the prompts that have one."""
        known = videos[videos["caption"].ne("")].drop_duplicates("prompt_id")
        return dict(zip(known["prompt_id"], known["caption"], strict=True))

    def list_unknown(self, videos: pd.DataFrame) -> list[str]:
        """List the captions that have to be paraphrased by the model."""
        if self.model is None:
            return []
        return list(dict.fromkeys(self.list_captions(videos).values()))

    def find(self, videos: pd.DataFrame, parts: Sequence[Part]) -> dict[Part, dict[str, Wording]]:
        """Find the other captions of all videos.

        Parameters
        ----------
        videos : DataFrame
            ``video_id, prompt_id, caption`` (empty where not known).
        parts : sequence of Part
            Numbered.

        Returns
        -------
        dict
            Part → video_id → wording; a video without a caption, or without a paraphrase of that number in
            the table, has none.
        """
        asked = videos[videos["caption"].ne("")]
        found: dict[Part, dict[str, Wording]] = {}
        if Part(CAPTION_SWAP) in parts:
            swapped = swap_captions(videos, self.seed)
            pairs = zip(asked["video_id"], asked["caption"], strict=True)
            found[Part(CAPTION_SWAP)] = {video_id: Wording(swapped[caption]) for video_id, caption in pairs}
        numbered = [part for part in parts if part.probe == CAPTION_PARAPHRASE]
        if numbered:
            wordings = self.find_paraphrases(videos)
            for part in numbered:
                found[part] = {
                    video_id: wordings[prompt_id][part.number - 1]
                    for video_id, prompt_id in zip(asked["video_id"], asked["prompt_id"], strict=True)
                    if part.number <= len(wordings.get(prompt_id, ()))
                }
        return found

    def find_paraphrases(self, videos: pd.DataFrame) -> dict[str, list[Wording]]:
        """Find the paraphrases of each prompt."""
        if self.model is None:
            return {name: [Wording(text) for text in texts] for name, texts in self.file.items()}
        captions = self.list_captions(videos)
        texts = self.list_unknown(videos)
        said = dict(zip(texts, self.model.paraphrase(texts, count=self.count), strict=True))
        return {prompt_id: said[caption] for prompt_id, caption in captions.items()}


def collect_words(
    videos: pd.DataFrame,
    parts: Sequence[Part],
    *,
    seed: int,
    captions: str | Path | None,
    model: Paraphraser | None,
    count: int | None,
) -> Words:
    """Look at what other captions can be had from, before anything is made.

    Parameters
    ----------
    videos : DataFrame
    parts : sequence of Part
        Not numbered.
    seed : int
    captions : path, optional
        Table of paraphrases.
    model : Paraphraser, optional
    count : int, optional
        Paraphrases of each caption; all of the table, or one of the model, when not given.

    Raises
    ------
    ValueError
        Paraphrases are wanted and there is neither a table nor a model, or both; or given and not wanted.
    """
    wanted = any(part.probe == CAPTION_PARAPHRASE for part in parts)
    if not wanted:
        if captions is not None or model is not None:
            raise ValueError(
                f"paraphrases are given and not asked for. Remedy: name the probe {CAPTION_PARAPHRASE}, or "
                "leave them out."
            )
        return Words(seed)
    if (captions is None) == (model is None):
        raise ValueError(
            f"{CAPTION_PARAPHRASE} needs other words, from one place. Remedy: give a table with the columns "
            "prompt_id,paraphrase (--captions FILE), or a language model (-o paraphraser.model=NAME)."
        )
    if captions is None:
        return Words(seed, model=model, count=count or 1)
    file = read_paraphrases(captions)
    words = Words(seed, file=file)
    known = words.list_captions(videos)
    check_paraphrases(known, file, str(captions))
    if not set(file) & set(known):
        raise ValueError(
            f"{captions}: none of its {len(file)} prompts is one of the videos. Remedy: check its prompt_id."
        )
    most = max(len(texts) for name, texts in file.items() if name in known)
    return Words(seed, file=file, count=min(count or most, most))
