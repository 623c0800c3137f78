"""How a benchmark was made: counts by step, agreement of reviewers, refusals, lengths, the hard subset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd

from videophy_lab.collisions import split_video_ids
from videophy_lab.schema.decisions import KEEP
from videophy_lab.schema.tokens import CLIP_LIMIT, COUNTED
from videophy_lab.stats.agreement import ordinal_agreement
from videophy_lab.stats.means import rate_estimate
from videophy_lab.study.tables import make_estimates, make_row

# of a rules table and of an actions table: what names a row, the surest first
ITEM_KEYS = (("video_id", "rule_id"), ("action",))
STEPS = {
    "actions": "imported",
    "decisions": "kept by the model",
    "kept": "kept by people",
    "captions": "with captions",
    "prompts": "with upsampled captions",
    "hard_prompts": "hard",
}


def count_steps(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count actions and prompts from step to step.

    Parameters
    ----------
    tables : mapping
        Of :func:`videophy_lab.prompts.read_folder`; steps that are not there have no row.

    Returns
    -------
    DataFrame
        ``step, n_actions, n_prompts``; prompts are missing before there are any, actions where none is told.
    """
    rows = []
    for name, step in STEPS.items():
        if name not in tables:
            continue
        table = tables[name]
        if name == "decisions":
            table = table[table["decision"].eq(KEEP)]
        if name == "prompts" and "upsampled_caption" in table.columns:
            table = table[table["upsampled_caption"].notna()]
        if name == "hard_prompts":
            table = table[table["is_hard"].fillna(False).astype(bool)]
        n_actions = table["action"].nunique() if "action" in table.columns else None
        rows.append((step, n_actions, len(table) if "prompt_id" in table.columns else None))
    counts = pd.DataFrame(rows, columns=["step", "n_actions", "n_prompts"])
    return counts.astype({"n_actions": "Int64", "n_prompts": "Int64"})


def tabulate_decisions(decided: pd.DataFrame) -> pd.DataFrame:
    """Tabulate what was decided about actions, by criterion.

    Parameters
    ----------
    decided : DataFrame
        ``decision`` of the model and its ``criterion``; ``final`` and ``decided_by`` where people reviewed.

    Returns
    -------
    DataFrame
        ``decision, criterion``, and ``final, decided_by`` where there are any, ``n_actions``, ``example``
        with its ``reason``; commonest first.
    """
    keys = [name for name in ("decision", "criterion", "final", "decided_by") if name in decided.columns]
    reasons = decided.get("reason", pd.Series(index=decided.index, dtype="str"))
    table = decided.assign(reason=reasons)
    counts = table.groupby(keys, dropna=False, as_index=False).agg(
        n_actions=("action", "size"), example=("action", "first"), reason=("reason", "first")
    )
    return counts.sort_values(["n_actions", *keys], ascending=[False, *[True] * len(keys)], ignore_index=True)


def agree_reviewers(reviews: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate how far every two reviewers agree on keeping.

    Parameters
    ----------
    reviews : DataFrame
        A row a reviewer and item: ``action`` or ``video_id, rule_id``; ``reviewer``, ``decision``. Dropping
        and merging both count as not keeping. Rules of one prompt's videos are no independent items: the
        prompt is the unit, ``prompt_id`` where it is told, else the middle of
        ``generator/prompt_id/seed``, else the video.

    Returns
    -------
    DataFrame
        Estimates ``kappa`` (Cohen's, from two categories) and ``exact_agreement`` with ``reviewer_a,
        reviewer_b``, ``share_kept_a``, ``share_kept_b``. ``n_videos`` counts the items that both decided
        on, ``n_prompts`` the independent units among them (actions, or prompts whose videos the rules are
        of); κ is NaN where both gave one single answer.
    """
    rows = []
    keys = next((list(keys) for keys in ITEM_KEYS if set(keys) <= set(reviews.columns)), [])
    if len(reviews) and not keys:
        raise ValueError(f"reviews need the column action; they have {', '.join(map(str, reviews.columns))}")
    wide, units = pd.DataFrame(), pd.Series(dtype="str")
    if len(reviews):
        units = reviews.assign(unit=name_units(reviews)).drop_duplicates(keys).set_index(keys)["unit"]
        kept = reviews.assign(kept=reviews["decision"].eq(KEEP).astype(float))
        wide = kept.pivot(index=keys, columns="reviewer", values="kept")
    for first, second in combinations(sorted(wide.columns), 2):
        both = wide[[first, second]].dropna()
        groups = {"reviewer_a": first, "reviewer_b": second}
        if not len(both):
            continue
        values = both[first].to_numpy(), both[second].to_numpy()
        found = ordinal_agreement(
            *values, units.loc[both.index].to_numpy(), categories=[0, 1], level=confidence
        )
        shares = {"share_kept_a": float(values[0].mean()), "share_kept_b": float(values[1].mean())}
        for quantity, name in (("kappa", "quadratic_weighted_kappa"), ("exact_agreement", "exact")):
            rows.append(make_row(replace(found[name]), quantity, **groups) | shares)
    return make_estimates(rows, groups=("reviewer_a", "reviewer_b"))


def name_units(reviews: pd.DataFrame) -> pd.Series:
    """Name the independent unit of each review: its action, or the prompt whose video its rule is of."""
    if "video_id" not in reviews.columns:
        return reviews["action"]
    prompts = split_video_ids(reviews["video_id"])["prompt_id"].fillna(reviews["video_id"])
    return reviews["prompt_id"].fillna(prompts) if "prompt_id" in reviews.columns else prompts


def tabulate_refusals(failures: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tabulate what was refused, and why.

    Parameters
    ----------
    failures : mapping of step to DataFrame
        Each with ``check`` and ``reason``.

    Returns
    -------
    DataFrame
        ``step, check, n_refused, example`` (the text, where there is one), ``reason`` of the example; by
        step, commonest first.
    """
    parts = []
    for step, table in failures.items():
        if not len(table):
            continue
        texts = next(
            (table[name] for name in ("upsampled_caption", "rule", "caption") if name in table), None
        )
        told = table.assign(step=step, text=texts)
        parts.append(
            told.groupby(["step", "check"], as_index=False, sort=True).agg(
                n_refused=("check", "size"), example=("text", "first"), reason=("reason", "first")
            )
        )
    columns = ["step", "check", "n_refused", "example", "reason"]
    if not parts:
        return pd.DataFrame(columns=columns)
    counts = pd.concat(
        [part.sort_values(["n_refused", "check"], ascending=[False, True]) for part in parts],
        ignore_index=True,
    )
    return counts[columns]


def describe_lengths(prompts: pd.DataFrame) -> pd.DataFrame:
    """Describe how long captions and upsampled captions are, in tokens of CLIP.

    Parameters
    ----------
    prompts : DataFrame
        ``caption_tokens``, ``upsampled_tokens``, ``tokens_method`` of
        :func:`videophy_lab.prompts.check_tokens`. Those that were not counted are left out.

    Returns
    -------
    DataFrame
        ``text, n_prompts, mean_tokens, median_tokens, most_tokens, n_above_77, tokens_method``.
    """
    rows = []
    prompts = prompts[prompts["tokens_method"].eq(COUNTED)] if "tokens_method" in prompts.columns else prompts
    for column, text in (("caption_tokens", "caption"), ("upsampled_tokens", "upsampled caption")):
        if column not in prompts.columns or prompts[column].isna().all():
            continue
        counts = prompts[column].dropna().astype(float)
        rows.append(
            {
                "text": text,
                "n_prompts": len(counts),
                "mean_tokens": float(counts.mean()),
                "median_tokens": float(counts.median()),
                "most_tokens": int(counts.max()),
                "n_above_77": int(counts.gt(CLIP_LIMIT).sum()),
                "tokens_method": prompts["tokens_method"].iloc[0],
            }
        )
    columns = [
        "text",
        "n_prompts",
        "mean_tokens",
        "median_tokens",
        "most_tokens",
        "n_above_77",
        "tokens_method",
    ]
    return pd.DataFrame(rows, columns=columns)


def estimate_hard(actions: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the reference's joint rate on every action, taking its videos as independent.

    Parameters
    ----------
    actions : DataFrame
        ``action, n_videos, n_prompts, n_joint, is_hard`` of :func:`videophy_lab.prompts.choose_hard`.

    Returns
    -------
    DataFrame
        Estimates ``joint`` with ``action``, Wilson's interval, and ``is_hard``, ``tied``, ``chance_of_none``.
    """
    rows = []
    for row in actions.to_dict("records"):
        n_videos, n_joint = int(row["n_videos"]), int(row["n_joint"])
        labels = np.repeat([1.0, 0.0], [n_joint, n_videos - n_joint])
        estimate = rate_estimate(labels, np.arange(n_videos), level=confidence)
        told = {name: row[name] for name in ("is_hard", "tied", "chance_of_none") if name in row}
        named = make_row(estimate, "joint", action=row["action"]) | {"n_prompts": int(row["n_prompts"])}
        rows.append(named | told)
    return make_estimates(rows, groups=("action",))
