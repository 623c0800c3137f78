"""Add to the rules what annotators found wrong in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from videophy_lab.prompts.chat import ChatModel
from videophy_lab.prompts.turning import Turned, price_turning, turn_texts
from videophy_lab.prompts.words import compare_sentences
from videophy_lab.schema import TableError, check_table, make_rule_id
from videophy_lab.schema.labels import HUMAN_ADDED, VIOLATED

if TYPE_CHECKING:
    import pandas as pd

MOST_SIMILAR = 0.6
TEXTS = ("violation", "rule", "text")
MERGED_COLUMNS = ("video_id", "annotator", "violation", "rule_id", "rule", "became", "reason")
RATING_COLUMNS = ("video_id", "prompt_id", "generator", "annotator", "task", "rule_id", "rating")


@dataclass(frozen=True)
class Merged:
    """What came of merging.

    Attributes
    ----------
    rules : DataFrame
        A rules table: the given rules, then the new ones with ``origin`` ``human_added``, ``n_annotators``,
        ``violation`` (what they wrote), ``model`` and ``prompt_hash``. People have yet to review the new ones
        (:mod:`videophy_lab.prompts.review`).
    merged : DataFrame
        A row a text, or one a rule where a text has several: ``video_id, annotator, violation`` (word for
        word), ``rule_id, rule``, ``became`` (``new``, ``known rule``, ``same as another``, ``refused``,
        ``not asked`` without a model, ``unanswered``) and ``reason``.
    ratings : DataFrame
        Ratings by who wrote the violations, of the rules that these break, new ones and known ones:
        violated, all of them. A law's share of violations grows with what people volunteer; report it with
        and without these. :func:`join_ratings` puts them behind other ratings.
    """

    rules: pd.DataFrame
    merged: pd.DataFrame
    ratings: pd.DataFrame


@dataclass
class Found:
    """A rule that annotators found broken in a video."""

    video_id: str
    prompt_id: str
    turned: Turned
    annotators: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def rule_id(self) -> str:
        """Name the rule."""
        return make_rule_id(self.turned.rule)

    def add(self, annotator: str, text: str) -> None:
        """Note who found it broken, and in which words."""
        for known, new in ((self.annotators, annotator), (self.texts, text)):
            if new not in known:
                known.append(new)


def merge_additions(
    rules: pd.DataFrame,
    additions: pd.DataFrame,
    *,
    chat: ChatModel | None = None,
    most_similar: float = MOST_SIMILAR,
    progress: bool = True,
) -> Merged:
    """Merge annotators' additions, turned into rules, with the rules of their videos.

    Annotators of the benchmark wrote the rules that a video violates, beside the candidate rules (Bansal et
    al. 2025, VideoPhy-2, arXiv:2503.06800). Ours are asked what could not happen; the rule is the opposite.

    Parameters
    ----------
    rules : DataFrame
        A rules table of videos.
    additions : DataFrame
        ``video_id, prompt_id, generator, annotator`` and ``violation`` (``rule`` or ``text``), as annotation
        writes it.
    chat : ChatModel, optional
        Turns the texts into rules and names their laws; without it every text is listed, and none becomes a
        rule.
    most_similar : float
        Share of content words from which two rules of one video are one, unless one denies the other, or
        each names a direction that the other does not.

    Raises
    ------
    ValueError
        A column is missing.
    """
    import pandas as pd

    table = check_table(rules, "rules")
    rows = list_additions(additions)
    turned = turn_texts([row["violation"] for row in rows], chat, progress=progress)
    known = list_known(table)
    found: dict[str, list[Found]] = {}
    told = []
    for row in rows:
        own, new = known.get(row["video_id"], []), found.setdefault(row["video_id"], [])
        told += [place_rule(each, row, own, new, most_similar) for each in turned[row["violation"]]]
    all_new = [each for of_video in found.values() for each in of_video]
    merged = pd.DataFrame(told, columns=list(MERGED_COLUMNS))
    return Merged(join_rules(table, all_new), merged, rate_additions(merged, additions))


def list_additions(additions: pd.DataFrame) -> list[dict[Any, Any]]:
    """List the rows that have a text, as ``violation``."""
    column = next((name for name in TEXTS if name in additions.columns), "")
    missing = [name for name in ("video_id", "annotator") if name not in additions.columns]
    if missing or not column:
        raise TableError(
            f"additions need the column {missing[0] if missing else TEXTS[0]}. Remedy: give the table of "
            "violations that videophy-lab annotate writes beside the ratings."
        )
    rows = additions.dropna(subset=[column]).to_dict("records")
    return [row | {"violation": str(row[column])} for row in rows if str(row[column]).strip()]


def list_known(rules: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """List the rules that there are, each with its name, by video."""
    known: dict[str, list[tuple[str, str]]] = {}
    if "video_id" in rules.columns:
        for row in rules.dropna(subset=["video_id", "rule"]).to_dict("records"):
            known.setdefault(row["video_id"], []).append((row["rule_id"], row["rule"]))
    return known


def place_rule(
    turned: Turned,
    row: dict[Any, Any],
    known: Sequence[tuple[str, str]],
    found: list[Found],
    most_similar: float,
) -> dict[str, Any]:
    """Say what becomes of a text's rule: a new one, one that is there, or none."""
    text, annotator, rule = row["violation"], str(row["annotator"]), turned.rule
    told = {"video_id": row["video_id"], "annotator": annotator, "violation": text, "rule": rule or None}
    if turned.failed:
        return told | {"became": turned.failed, "reason": turned.reason}
    for rule_id, other in known:
        if compare_sentences(rule, other) >= most_similar:
            return told | {"rule_id": rule_id, "became": "known rule", "reason": other}
    for each in found:
        if compare_sentences(rule, each.turned.rule) >= most_similar:
            each.add(annotator, text)
            return told | {
                "rule_id": each.rule_id, "became": "same as another", "reason": each.turned.rule,
            }  # fmt: skip
    prompt_id = row.get("prompt_id")
    new = Found(row["video_id"], prompt_id if isinstance(prompt_id, str) else "", turned)
    new.add(annotator, text)
    found.append(new)
    return told | {"rule_id": new.rule_id, "became": "new", "reason": None}


def join_rules(rules: pd.DataFrame, found: Sequence[Found]) -> pd.DataFrame:
    """Put the new rules behind those that there are."""
    import pandas as pd

    rows = [
        {
            "rule_id": each.rule_id,
            "rule": each.turned.rule,
            "law": each.turned.law,
            "law_is_listed": each.turned.law_is_listed if each.turned.law else None,
            "video_id": each.video_id,
            "prompt_id": each.prompt_id,
            "origin": HUMAN_ADDED,
            "n_annotators": len(each.annotators),
            "violation": "; ".join(each.texts),
            "model": each.turned.model,
            "prompt_hash": each.turned.prompt_hash,
        }
        for each in found
    ]
    together = pd.concat([rules, pd.DataFrame(rows).astype({"law": "str"})]) if rows else rules
    return check_table(together, "rules", source="the merged rules")


def rate_additions(merged: pd.DataFrame, additions: pd.DataFrame) -> pd.DataFrame:
    """Make ratings of the rules that texts break, once by each annotator; none where no generator is told.

    Parameters
    ----------
    merged : DataFrame
        As :attr:`Merged.merged`.
    additions : DataFrame
        As for :func:`merge_additions`.
    """
    import pandas as pd

    columns = list(RATING_COLUMNS)
    if not {"generator", "prompt_id"} <= set(additions.columns):
        return pd.DataFrame(columns=columns)
    broken = merged.dropna(subset=["rule_id"]).drop_duplicates(["video_id", "annotator", "rule_id"])
    facts = additions.drop_duplicates("video_id").set_index("video_id")[["prompt_id", "generator"]]
    rated = broken.join(facts, on="video_id").assign(task="rule", rating=float(VIOLATED))
    return check_table(rated[columns].reset_index(drop=True), "ratings", source="the additions")


def join_ratings(ratings: pd.DataFrame, merged: Merged) -> pd.DataFrame:
    """Put the ratings that violations gave behind other ratings, for a judge to be trained on both.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table.
    merged : Merged

    Returns
    -------
    DataFrame
        A ratings table. Where annotators labelled a rule themselves, that label counts, and nothing is added
        to it. ``rule``, ``law`` and ``sha256`` are filled in where `ratings` has them.
    """
    import pandas as pd

    table, added = check_table(ratings, "ratings"), merged.ratings
    key = ["video_id", "annotator", "rule_id"]
    if not len(added):
        return table
    own = pd.MultiIndex.from_frame(table.reindex(columns=key).astype("str"))
    added = added[~pd.MultiIndex.from_frame(added[key].astype("str")).isin(own)]
    by_rule, by_video = ["video_id", "rule_id"], ["video_id"]
    told = (("rule", by_rule, merged.rules), ("law", by_rule, merged.rules), ("sha256", by_video, table))
    for name, keys, source in told:
        if name in table.columns and {name, *keys} <= set(source.columns):
            facts = source.dropna(subset=[name, *keys]).drop_duplicates(keys)[[*keys, name]]
            added = added.merge(facts, on=keys, how="left")
    return check_table(pd.concat([table, added], ignore_index=True), "ratings", source="the joined ratings")


def price_additions(additions: pd.DataFrame, chat: ChatModel | None) -> str:
    """Say what turning the additions into rules would cost; nothing is sent.

    Raises
    ------
    ValueError
        A column is missing.
    """
    return price_turning([row["violation"] for row in list_additions(additions)], chat)
