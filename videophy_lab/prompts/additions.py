"""Add to the rules what annotators found wrong in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from videophy_lab.llm import Request
from videophy_lab.prompts.asking import ask_all, take_answer
from videophy_lab.prompts.caption_checks import check_form, tidy
from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.instructions import write_law
from videophy_lab.prompts.laws import LAWS, LawName, settle_law
from videophy_lab.prompts.words import list_stems, list_words, measure_similarity
from videophy_lab.schema import TableError, check_table, make_rule_id

if TYPE_CHECKING:
    import pandas as pd

MOST_SIMILAR = 0.6
LEAST_WORDS = 2
TEXTS = ("violation", "rule", "text")
MERGED_COLUMNS = ("video_id", "annotator", "violation", "rule_id", "became", "reason")
VIOLATED = 0.0


@dataclass(frozen=True)
class Merged:
    """What came of merging.

    Attributes
    ----------
    rules : DataFrame
        A rules table: the given rules, then the new ones with ``origin`` ``annotators`` and ``n_annotators``.
    merged : DataFrame
        A row a text: ``video_id, annotator, violation, rule_id``, ``became`` (``new``, ``known rule``,
        ``same as another``, ``refused``) and ``reason``.
    ratings : DataFrame
        Ratings of the new rules by who wrote them: violated, all of them. A law's share of violations grows
        with what people volunteer; report it with and without these.
    """

    rules: pd.DataFrame
    merged: pd.DataFrame
    ratings: pd.DataFrame


@dataclass
class Found:
    """Something that annotators found wrong in a video."""

    video_id: str
    prompt_id: str
    text: str
    annotators: list[str] = field(default_factory=list)
    law: str | None = None
    law_is_listed: bool = False


def merge_additions(
    rules: pd.DataFrame,
    additions: pd.DataFrame,
    *,
    chat: ChatModel | None = None,
    most_similar: float = MOST_SIMILAR,
    progress: bool = True,
) -> Merged:
    """Merge annotators' additions with the rules of their videos.

    Parameters
    ----------
    rules : DataFrame
        A rules table of videos.
    additions : DataFrame
        ``video_id, prompt_id, generator, annotator`` and ``violation`` (``rule`` or ``text``), as annotation
        writes it. A line break or a semicolon parts two.
    chat : ChatModel, optional
        Names the laws of the new ones; without it they stay blank.
    most_similar : float
        Share of content words from which two texts about one video are one.

    Raises
    ------
    ValueError
        A column is missing.
    """
    import pandas as pd

    table = check_table(rules, "rules")
    column = next((name for name in TEXTS if name in additions.columns), "")
    missing = [name for name in ("video_id", "annotator") if name not in additions.columns]
    if missing or not column:
        raise TableError(
            f"additions need the column {missing[0] if missing else TEXTS[0]}. Remedy: give the table of "
            "violations that videophy-lab annotate writes beside the ratings."
        )
    known: dict[str, list[tuple[str, str]]] = {}
    if "video_id" in table.columns:
        for row in table.dropna(subset=["video_id", "rule"]).to_dict("records"):
            known.setdefault(row["video_id"], []).append((row["rule_id"], row["rule"]))
    found: dict[str, list[Found]] = {}
    told: list[dict[str, Any]] = []
    for row in additions.dropna(subset=[column]).to_dict("records"):
        for text in str(row[column]).replace(";", "\n").split("\n"):
            if text.strip():
                of_video = found.setdefault(row["video_id"], [])
                told.append(
                    sort_text(tidy(text), row, known.get(row["video_id"], []), of_video, most_similar)
                )
    new = [each for of_video in found.values() for each in of_video]
    name_laws(new, chat, progress=progress)
    rows = [
        {
            "rule_id": make_rule_id(each.text),
            "rule": each.text,
            "law": each.law,
            "law_is_listed": each.law_is_listed if each.law else None,
            "video_id": each.video_id,
            "prompt_id": each.prompt_id,
            "origin": "annotators",
            "n_annotators": len(each.annotators),
        }
        for each in new
    ]
    together = pd.concat([table, pd.DataFrame(rows).astype({"law": "str"})]) if rows else table
    return Merged(
        check_table(together, "rules", source="the merged rules"),
        pd.DataFrame(told, columns=list(MERGED_COLUMNS)),
        rate_additions(new, additions),
    )


def sort_text(
    text: str,
    row: dict[Any, Any],
    known: Sequence[tuple[str, str]],
    found: list[Found],
    most_similar: float,
) -> dict[str, Any]:
    """Say what becomes of one text: a new rule, one that is there, or none."""
    told = {"video_id": row["video_id"], "annotator": row["annotator"], "violation": text}
    wrong = check_form(text, language="any")
    if wrong or len(list_words(text)) < LEAST_WORDS:
        return told | {"became": "refused", "reason": wrong[1] if wrong else "it is a single word"}
    stems = list_stems(text)
    for rule_id, rule in known:
        if measure_similarity(stems, list_stems(rule)) >= most_similar:
            return told | {"rule_id": rule_id, "became": "known rule", "reason": rule}
    annotator = str(row["annotator"])
    for each in found:
        if measure_similarity(stems, list_stems(each.text)) >= most_similar:
            if annotator not in each.annotators:
                each.annotators.append(annotator)
            rule_id = make_rule_id(each.text)
            return told | {"rule_id": rule_id, "became": "same as another", "reason": each.text}
    prompt_id = row.get("prompt_id")
    found.append(Found(row["video_id"], prompt_id if isinstance(prompt_id, str) else "", text, [annotator]))
    return told | {"rule_id": make_rule_id(text), "became": "new", "reason": None}


def name_laws(found: Sequence[Found], chat: ChatModel | None, *, progress: bool) -> None:
    """Let a model name the laws; one without an answer stays blank."""
    if chat is None:
        return
    requests = [Request((write_law(each.text, LAWS),), LawName) for each in found]
    replies = ask_all(chat, requests, what="naming laws", progress=progress)
    for each, reply in zip(found, replies, strict=True):
        answer = take_answer(reply, LawName)
        if answer is not None:
            each.law, each.law_is_listed = settle_law(answer)


def rate_additions(found: Sequence[Found], additions: pd.DataFrame) -> pd.DataFrame:
    """Make ratings of the new rules; none where the generator is not told."""
    import pandas as pd

    columns = ["video_id", "prompt_id", "generator", "annotator", "task", "rule_id", "rating"]
    if not {"generator", "prompt_id"} <= set(additions.columns):
        return pd.DataFrame(columns=columns)
    generators = dict(zip(additions["video_id"], additions["generator"], strict=True))
    rows = [
        {
            "video_id": each.video_id,
            "prompt_id": each.prompt_id,
            "generator": generators[each.video_id],
            "annotator": annotator,
            "task": "rule",
            "rule_id": make_rule_id(each.text),
            "rating": VIOLATED,
        }
        for each in found
        for annotator in each.annotators
    ]
    return check_table(pd.DataFrame(rows, columns=columns), "ratings", source="the additions")
