"""Which violations a scorer sees, how strong they must be, and what it wrongly takes for one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from videophy_lab.stats.paired import paired_auc, paired_sign_test
from videophy_lab.stats.ranking import adjust_holm
from videophy_lab.stats.trend import (
    find_complete_series,
    find_detection_threshold,
    page_p_value,
    severity_trend,
)
from videophy_lab.study.pairing import NO_TWIN, UNSCORED
from videophy_lab.study.tables import make_estimates, make_row

SCORER = ["scorer", "task"]
COUNTS = ["n_pairs", "n_ties", "n_unscored", "n_no_twin", "n_series", "n_left_out", "n_complete"]
RIGHT, WRONG, NO_ORDER, TOO_FEW = VERDICTS = (
    "right order",
    "wrong order",
    "no order shown",
    "too few prompts",
)


def detect(
    pairs: pd.DataFrame, *, by: Sequence[str] = (), kind: str = "violation", confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate how often every scorer prefers the right clip to its wrong twin.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_right_and_wrong`.
    by : sequence of str
        ``"law"``, ``"violation"``, ``"severity"``; none of them for all pairs together.
    kind : {"violation", "control"}
        A control only looks different: a scorer that prefers its right twin raises a false alarm.
    confidence : float

    Returns
    -------
    DataFrame
        Estimates ``paired_auc`` (share of pairs in which the right clip is preferred, ties counting half;
        prompts are the independent units) with ``scorer, task``, the columns of ``by``, ``p_value`` (exact
        test of .5 that exchanges whole prompts), ``p_holm`` (corrected over the rows of one scorer),
        ``verdict`` and ``n_pairs, n_ties, n_unscored`` (a twin, but not both scored) and ``n_no_twin``.
        Verdicts are ``right order`` and ``wrong order`` where ``p_holm`` is below 1 − confidence,
        ``no order shown`` where it is not, and ``too few prompts`` where there is none.

    Notes
    -----
    G prompts cannot give a p below 2^(1 − G), whatever the scores. Rows where that is not below
    1 − confidence have no ``p_holm`` and do not count in the correction: Tarone (1990), Biometrics 46,
    515–522.
    """
    shown = pairs[pairs["kind"].eq(kind)]
    keys = [*SCORER, *by]
    rows = []
    for names, part in shown.groupby(keys, sort=True):
        usable = part[part["pair_status"].eq("ok")]
        better, worse = (usable["drop"].to_numpy(dtype=float), np.zeros(len(usable)))
        prompts = usable["prompt_id"].to_numpy(dtype=str)
        row = make_row(
            paired_auc(better, worse, prompts, level=confidence),
            "paired_auc",
            **dict(zip(keys, names, strict=True)),
        )
        rows.append(
            row
            | {"n_videos": count_clips(usable)}
            | {"p_value": paired_sign_test(better, worse, prompts) if len(usable) else np.nan}
            | {"n_pairs": len(usable), "n_ties": int(usable["drop"].eq(0).sum())}
            | {"n_unscored": int(part["pair_status"].isin(UNSCORED).sum())}
            | {"n_no_twin": int(part["pair_status"].eq(NO_TWIN).sum())}
        )
    table = make_estimates(rows, groups=keys)
    least = 2.0 ** (1 - table["n_prompts"].astype(float))
    table = correct_by_scorer(table, "p_value", "p_holm", least=least, alpha=1 - confidence)
    return order_counts(table.assign(verdict=name_orders(table, alpha=1 - confidence)))


def correct_by_scorer(
    table: pd.DataFrame, p_value: str, corrected: str, *, least: pd.Series, alpha: float
) -> pd.DataFrame:
    """Add p corrected over one scorer's rows whose least p possible lies below alpha; NaN in the others."""
    if p_value not in table.columns:
        return table.assign(**{corrected: pd.Series(dtype=float)})
    p_values = table[p_value].where(least.lt(alpha))
    return table.assign(
        **{corrected: p_values.groupby(table["scorer"]).transform(lambda p: adjust_holm(p.to_numpy()))}
    )


def name_orders(table: pd.DataFrame, *, alpha: float) -> np.ndarray:
    """Say of every row which order of the clips is shown, if it can be told at all."""
    shown = table["p_holm"].lt(alpha)
    conditions = [table["p_holm"].isna(), shown & table["estimate"].gt(0.5), shown]
    return np.select(conditions, [TOO_FEW, RIGHT, WRONG], default=NO_ORDER)


def order_counts(table: pd.DataFrame) -> pd.DataFrame:
    """Put the counts of pairs behind the estimates."""
    last = [name for name in COUNTS if name in table.columns]
    return table[[*(name for name in table.columns if name not in last), *last]]


def count_clips(pairs: pd.DataFrame) -> int:
    """Count the clips of pairs; a right clip with several wrong twins is one."""
    return len({*pairs["right_id"].dropna(), *pairs["wrong_id"]})


def estimate_trends(
    pairs: pd.DataFrame, *, by: Sequence[str] = ("violation",), confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate, for every scorer and violation, whether its score falls further as the violation grows.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_right_and_wrong`; those of kind ``violation`` count.
    by : sequence of str

    Returns
    -------
    DataFrame
        Estimates ``severity_tau``: Kendall's τ of drop against severity, averaged over the series of one
        prompt, seed and violation, with ``scorer, task``, the columns of ``by``, ``threshold`` (the smallest
        severity from which on every interval of the paired area lies above .5; NaN where that of the
        greatest does not, or there is none), ``p_page`` (Page's one-sided test on prompts' mean drops, over
        the ``n_complete`` series that have every severity), ``p_page_holm`` (corrected over the rows of one
        scorer), ``n_series`` and ``n_left_out`` (series with a single severity).

    Notes
    -----
    G prompts at k severities cannot give Page's p below (1/k!)^G. Rows where that is not below
    1 − confidence have no ``p_page_holm``, as in :func:`detect`. A threshold is not corrected over rows:
    name those only of rows which :func:`detect` finds in the right order.
    """
    usable = pairs[pairs["kind"].eq("violation") & pairs["pair_status"].eq("ok")]
    keys = [*SCORER, *by]
    found = detect(pairs, by=[*by, "severity"], confidence=confidence)
    thresholds = {
        names: find_detection_threshold(part["severity"].astype(float), part["low"])
        for names, part in found.groupby(keys, sort=True)
    }
    rows, least = [], []
    for names, part in usable.groupby(keys, sort=True):
        prompts = part["prompt_id"].to_numpy(dtype=str)
        drops = (part["severity"].to_numpy(dtype=float), part["drop"].to_numpy(dtype=float))
        series = part.groupby(["prompt_id", "seed", "violation"]).ngroup().to_numpy()
        trend = severity_trend(*drops, series, prompts, level=confidence)
        complete = find_complete_series(drops[0], series)
        n_orders = math.factorial(part["severity"].nunique())
        least.append(float(n_orders) ** -len(np.unique(prompts[complete])))
        row = make_row(trend.estimate, "severity_tau", **dict(zip(keys, names, strict=True)))
        rows.append(
            row
            | {"n_videos": count_clips(part), "threshold": thresholds[names]}
            | {"p_page": page_p_value(*drops, series, prompts)}
            | {"n_series": trend.estimate.n, "n_left_out": trend.n_left_out}
            | {"n_complete": len(np.unique(series[complete]))}
        )
    table = correct_by_scorer(
        make_estimates(rows, groups=keys), "p_page", "p_page_holm",
        least=pd.Series(least, dtype=float), alpha=1 - confidence,
    )  # fmt: skip
    last = [name for name in ("threshold", "p_page", "p_page_holm") if name in table.columns]
    return order_counts(table[[*(name for name in table.columns if name not in last), *last]])


def list_pairs(pairs: pd.DataFrame, *, scorer: str, n_pairs: int = 4) -> pd.DataFrame:
    """List the pairs that a scorer tells apart best, and those that it has most in the wrong order.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_right_and_wrong`; those of kind ``violation`` count.
    scorer : str
        As in the column ``scorer``.
    n_pairs : int
        At each end; fewer where fewer pairs have that order. Ties go by ``wrong_id``.

    Returns
    -------
    DataFrame
        ``scorer, end`` (``right order``, ``wrong order``), ``violation, severity, drop, right_score,
        wrong_score, right_id, wrong_id``, from the very end inwards.
    """
    usable = pairs[pairs["scorer"].eq(scorer) & pairs["kind"].eq("violation") & pairs["pair_status"].eq("ok")]
    ends = []
    for end, chosen, ascending in (
        ("right order", usable["drop"].gt(0), False),
        ("wrong order", usable["drop"].lt(0), True),
    ):
        part = usable[chosen].sort_values(["drop", "wrong_id"], ascending=[ascending, True], kind="stable")
        ends.append(part.head(n_pairs).assign(end=end))
    facts = ["violation", "severity", "drop", "right_score", "wrong_score", "right_id", "wrong_id"]
    return pd.concat(ends, ignore_index=True)[["scorer", "end", *facts]]


def arrange_clips(
    listed: pd.DataFrame,
    videos: pd.DataFrame,
    *,
    n_clips: int = 8,
    labels: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Give the clips of listed pairs as a videos table, each right clip before its wrong twin.

    Parameters
    ----------
    listed : DataFrame
        From :func:`list_pairs`, of one scorer; pairs are taken from both ends in turn.
    videos : DataFrame
        A videos table; clips without a ``path`` are left out with their twin.
    n_clips : int
        Most clips, two a pair.
    labels : mapping of violation to name, optional

    Returns
    -------
    DataFrame
        Rows of ``videos`` with ``shown``: the end, and whether it is the right clip or which violation.
    """
    paths = videos.set_index("video_id").reindex(columns=["path"])["path"].dropna()
    there = listed[listed["right_id"].isin(paths.index) & listed["wrong_id"].isin(paths.index)]
    turn = there.groupby("end", sort=False).cumcount()
    chosen = there.loc[turn.sort_values(kind="stable").index].head(n_clips // 2)
    rows = []
    for pair in chosen.to_dict("records"):
        name = (labels or {}).get(pair["violation"], str(pair["violation"]).replace("_", " "))
        wrong = f"{name}, severity {pair['severity']:g}"
        rows.append({"video_id": pair["right_id"], "shown": f"right clip, in the {pair['end']}"})
        rows.append({"video_id": pair["wrong_id"], "shown": f"{wrong}, in the {pair['end']}"})
    return pd.DataFrame(rows, columns=["video_id", "shown"]).merge(videos, on="video_id", how="left")
