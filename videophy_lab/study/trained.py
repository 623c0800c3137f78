"""A trained judge on ratings that it has not seen, beside its base and judges that look at nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from videophy_lab.stats.means import cluster_mean_estimate, cluster_rate_estimate
from videophy_lab.study.judges import agreement
from videophy_lab.study.tables import TASKS, make_estimates, make_row

COMMONEST, MEAN = "always the commonest answer", "always the mean rating"
ASKED = (*TASKS, "rule")
KEYS = ["video_id", "task", "rule_id"]
KEPT = ("pearson", "spearman", "quadratic_weighted_kappa", "joint_accuracy", "joint_majority_accuracy",
        "joint_f1")  # fmt: skip


def answer_blindly(examples: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Give the scores of two judges that look at nothing, made of the ratings that were trained on.

    Parameters
    ----------
    examples : DataFrame
        ``split, task, answer, rating``; the rows of the split ``train`` count.
    held_out : DataFrame
        Ratings: what the judges are asked.

    Returns
    -------
    DataFrame
        A scores table: ``always the commonest answer`` of a task in training, and, for SA and PC, ``always
        the mean rating``.
    """
    train = examples[examples["split"].eq("train")]
    commonest = train.groupby("task")["answer"].agg(lambda answers: answers.mode().iloc[0])
    mean = train[train["task"].isin(TASKS)].groupby("task")["rating"].mean()
    parts = []
    for scorer, values in ((COMMONEST, commonest), (MEAN, mean)):
        asked = held_out.loc[held_out["task"].isin(values.index), KEYS]
        score = asked["task"].map(values).astype(float)
        parts.append(asked.assign(scorer=scorer, spec="none", score=score, status="ok"))
    return pd.concat(parts, ignore_index=True)


def agree_on_splits(
    held_out: pd.DataFrame, scores: pd.DataFrame, *, confidence: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Measure how well judges agree with held-out ratings, in every split.

    Parameters
    ----------
    held_out : DataFrame
        A ratings table on 1–5 with ``split``, one row a question; rules by ``rule_id``.
    scores : DataFrame
        A scores table.

    Returns
    -------
    DataFrame
        Estimates with ``split, scorer, task, n_missing`` (questions without a usable score), prompts being
        the independent units: ``exact_agreement`` (the score is the rating, rounded, halves upwards),
        ``mean_absolute_error`` of SA and PC, and, pooled over the videos of the split, what
        :func:`videophy_lab.agreement` says of correlation, quadratic weighted κ and the joint decision.
    """
    rows: list[dict[str, object]] = []
    for split, ratings in held_out.groupby("split", sort=False):
        for groups, joined, n_missing in pair_answers(ratings, scores):
            prompts = joined["prompt_id"].to_numpy(dtype=str)
            named = {"split": str(split), **groups}
            missing = {"n_missing": n_missing}
            if groups["scorer"] != MEAN:
                right = np.floor(joined["rating"] + 0.5).eq(joined["score"]).to_numpy()
                exact = cluster_rate_estimate(right, prompts, level=confidence)
                rows.append(make_row(exact, "exact_agreement", **named) | missing)
            if groups["task"] in TASKS:
                distance = (joined["rating"] - joined["score"]).abs().to_numpy(dtype=float)
                error = cluster_mean_estimate(distance, prompts, level=confidence)
                rows.append(make_row(error, "mean_absolute_error", **named) | missing)
        rows += compare_videos(str(split), ratings, scores, confidence=confidence, seed=seed)
    return make_estimates(rows, groups=("split", "scorer", "task"))


def compare_videos(
    split: str, ratings: pd.DataFrame, scores: pd.DataFrame, *, confidence: float, seed: int
) -> list[dict[str, object]]:
    """Give the rows of :func:`videophy_lab.agreement` that belong to a card."""
    rated = ratings[ratings["task"].isin(TASKS)].drop(columns=["rule_id", "split"])
    known = scores[scores["task"].isin(TASKS) & scores["video_id"].isin(rated["video_id"])]
    usable = known[known["status"].eq("ok")]
    if rated.empty or usable.empty:
        return []
    # on which scale they lie is known: a small split may not tell
    found = agreement(rated, known, on_collision="ignore", scale="1-5", confidence=confidence, seed=seed)
    pooled = found["centred_by"].isna() | found["centred_by"].eq("none")
    kept = found[found["quantity"].isin(KEPT) & pooled & found["scorer"].ne(MEAN)]
    kept = kept.rename(columns={"rating_task": "task"}).drop(columns=["score_task", "centred_by", "seed"])
    return [{"split": split} | {str(k): v for k, v in row.items()} for row in kept.to_dict("records")]


def pair_answers(
    ratings: pd.DataFrame, scores: pd.DataFrame
) -> Iterator[tuple[dict[str, str], pd.DataFrame, int]]:
    """Yield, for every scorer and task, the questions that have a rating and a score.

    Yields
    ------
    groups : dict
        ``scorer, task``.
    joined : DataFrame
        ``rating, score, prompt_id, video_id``.
    n_missing : int
        Questions with a rating and no usable score.
    """
    blank = ratings.assign(rule_id=ratings["rule_id"].fillna(""))
    usable = scores[scores["status"].eq("ok")]
    if "probe" in usable.columns:
        usable = usable[usable["probe"].fillna("").eq("")]
    usable = usable.assign(rule_id=usable["rule_id"].fillna("") if "rule_id" in usable.columns else "")
    for scorer in dict.fromkeys(scores["scorer"]):
        for task in [task for task in ASKED if task in set(ratings["task"])]:
            asked = blank[blank["task"].eq(task)]
            own = usable.loc[usable["scorer"].eq(scorer) & usable["task"].eq(task), [*KEYS, "score"]]
            joined = asked.merge(own, on=KEYS)
            if len(joined):
                yield {"scorer": str(scorer), "task": task}, joined, len(asked) - len(joined)


def tabulate_answers(held_out: pd.DataFrame, scores: pd.DataFrame, scorers: Sequence[str]) -> pd.DataFrame:
    """Tabulate how often people gave one value, rounded, and a judge another; rules too.

    Returns
    -------
    DataFrame
        ``scorer, task, rating, score, n_videos`` (questions, for rules), zeros too.
    """
    scales = {"sa": range(1, 6), "pc": range(1, 6), "rule": range(3)}
    parts: list[dict[str, object]] = []
    for groups, joined, _ in pair_answers(held_out, scores[scores["scorer"].isin(scorers)]):
        rating, score = (np.floor(joined["rating"] + 0.5), joined["score"])
        parts += [
            {
                **groups,
                "rating": one,
                "score": other,
                "n_videos": int((rating.eq(one) & score.eq(other)).sum()),
            }
            for one, other in itertools.product(scales[groups["task"]], repeat=2)
        ]
    return pd.DataFrame(parts, columns=["scorer", "task", "rating", "score", "n_videos"])
