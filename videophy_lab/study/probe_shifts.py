"""By how much each probe moves a score, how often it lowers it, and how that grows with severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from videophy_lab.stats.contrast import contrast_shares
from videophy_lab.stats.paired import bounded_mean_estimate, paired_auc, paired_sign_test
from videophy_lab.stats.ranking import adjust_holm
from videophy_lab.stats.shifts import estimate_shift, judge_shift, standardise_shift
from videophy_lab.stats.trend import page_p_value, severity_trend
from videophy_lab.study.probe_controls import (
    CLASSES,
    NO_CONTROL,
    NO_VIDEO,
    NOT_ASKED,
    OK,
    UNCHANGED,
    UNSCORED,
    split_probe,
)
from videophy_lab.study.probes import find_unit
from videophy_lab.study.tables import make_estimates, make_row

SCORER = ["scorer", "task"]
# what a scorer was not asked about, or could not be
ABSENT = (NOT_ASKED, NO_VIDEO)


def count_pairs(part: pd.DataFrame) -> dict[str, int]:
    """Count the pairs of a part that can be compared, and those that cannot."""
    status = part["pair_status"]
    return {
        "n_pairs": int(status.eq(OK).sum()),
        "n_unscored": int(status.isin(UNSCORED).sum()),
        "n_not_asked": int(status.eq(NOT_ASKED).sum()),
        "n_no_control": int(status.eq(NO_CONTROL).sum()),
        "n_no_video": int(status.eq(NO_VIDEO).sum()),
        "n_unchanged": int(status.eq(UNCHANGED).sum()),
    }


def take_pairs(part: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give probed scores, control scores and clusters of the pairs that can be compared."""
    usable = part[part["pair_status"].eq(OK)]
    return (
        usable["probe_score"].to_numpy(dtype=float),
        usable["control_score"].to_numpy(dtype=float),
        usable["cluster"].to_numpy(dtype=str),
    )


def estimate_shifts(
    pairs: pd.DataFrame, *, by: Sequence[str] = ("probe",), margin: float = 0.2, confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate by how much each probe moves each scorer's score against its control.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`.
    by : sequence of str
    margin : float
        Largest shift that counts as none, in units: a point on 1–5 (a quarter of another scale) of judges, a
        standard deviation of the controls' scores of metrics and where nobody knows the scale.
    confidence : float

    Returns
    -------
    DataFrame
        Estimates with ``scorer, task``, the columns of ``by``: ``shift`` (mean of probed minus control in
        points of the score, better end up), ``shift_units`` (the same in units, with ``verdict``:
        ``equivalent`` by two one-sided tests at 5 %, ``non-zero``, ``inconclusive``) and ``share_changed``
        (share of pairs in which the score is not the same); with counts of pairs. Rows of a probe that a
        scorer was not asked about are left out.
    """
    keys = [*SCORER, *by]
    units = {names: find_unit(part) for names, part in pairs.groupby(SCORER, sort=True)}
    rows = []
    for names, part in pairs.groupby(keys, sort=True):
        if part["pair_status"].isin(ABSENT).all():
            continue
        after, before, clusters = take_pairs(part)
        groups, (unit, said) = dict(zip(keys, names, strict=True)), units[names[:2]]
        changed = bounded_mean_estimate((after != before).astype(float), clusters, level=confidence)
        found = {
            "shift": estimate_shift(after, before, clusters, unit=unit, level=confidence),
            "shift_units": standardise_shift(after, before, clusters, unit=unit, level=confidence),
            "share_changed": changed,
        }
        judged = judge_shift(after, before, clusters, unit=unit, margin=margin)
        for quantity, estimate in found.items():
            verdict = judged.verdict if quantity == "shift_units" else ""
            rows.append(
                make_row(estimate, quantity, **groups)
                | {"unit": said, "verdict": verdict, **count_pairs(part)}
            )
    return make_estimates(rows, groups=[*keys, "unit", "verdict"])


def estimate_orders(
    pairs: pd.DataFrame, *, by: Sequence[str] = ("probe",), confidence: float = 0.95
) -> pd.DataFrame:
    """Estimate how often every scorer gives the video without the edit the higher score.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`.
    by : sequence of str
        ``"probe"``, ``"class"``.
    confidence : float

    Returns
    -------
    DataFrame
        Estimates ``paired_auc`` (share of pairs in which the control has the higher score, ties counting
        half) with ``scorer, task``, the columns of ``by``, ``p_value`` (exact test of .5 that exchanges whole
        prompts), ``p_holm`` (over the rows of one scorer), ``n_ties`` and counts of pairs.
    """
    keys = [*SCORER, *by]
    rows = []
    for names, part in pairs.groupby(keys, sort=True):
        if part["pair_status"].isin(ABSENT).all():
            continue
        after, before, clusters = take_pairs(part)
        row = make_row(
            paired_auc(before, after, clusters, level=confidence),
            "paired_auc",
            **dict(zip(keys, names, strict=True)),
        )
        p_value = paired_sign_test(before, after, clusters) if after.size else np.nan
        rows.append(row | {"p_value": p_value, "n_ties": int(np.sum(after == before)), **count_pairs(part)})
    table = make_estimates(rows, groups=keys)
    if "p_value" not in table.columns:
        return table.assign(p_value=pd.Series(dtype=float), p_holm=pd.Series(dtype=float))
    held = table.groupby(SCORER)["p_value"].transform(lambda p: adjust_holm(p.to_numpy()))
    return table.assign(p_holm=held)


def estimate_reversal(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate how often every scorer prefers the forward video, by class, and the contrast of the classes.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`; those of the probe ``reverse`` count.
    confidence : float

    Returns
    -------
    DataFrame
        Estimates with ``scorer, task, class``: ``paired_auc`` of each class as of :func:`estimate_orders`,
        and ``auc_contrast``, irreversible minus reversible, with the class ``irreversible − reversible``.
    """
    reversed_pairs = pairs[pairs["probe"].eq("reverse")]
    table = estimate_orders(reversed_pairs, by=["class"], confidence=confidence)
    rows = []
    for names, part in reversed_pairs.groupby(SCORER, sort=True):
        values = {}
        for name in CLASSES[:2]:
            after, before, clusters = take_pairs(part[part["class"].eq(name)])
            values[name] = (np.sign(before - after) + 1) / 2, clusters
        if any(not group[0].size for group in values.values()):
            continue
        (first, of_first), (second, of_second) = values.values()
        contrast = contrast_shares(first, second, of_first, of_second, level=confidence)
        groups = dict(zip(SCORER, names, strict=True)) | {"class": f"{CLASSES[0]} − {CLASSES[1]}"}
        known = part[part["class"].isin(CLASSES[:2])]
        rows.append(make_row(contrast, "auc_contrast", **groups) | count_pairs(known))
    contrasts = make_estimates(rows, groups=[*SCORER, "class"])
    return pd.concat([table, contrasts], ignore_index=True) if rows else table


def estimate_severity_trends(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate whether a score falls further as an edit grows stronger.

    Returns
    -------
    DataFrame
        Estimates ``severity_tau``: Kendall's τ of the score's fall against severity, averaged over videos,
        with ``scorer, task, edit, p_page`` (Page's one-sided test on prompts' mean falls), ``n_series`` and
        ``n_left_out`` (videos with one severity). Edits with one severity have no row.
    """
    graded = pairs[pairs["severity"].notna() & pairs["pair_status"].eq(OK)]
    rows = []
    keys = [*SCORER, "edit"]
    for names, part in graded.groupby(keys, sort=True):
        if part["severity"].nunique() < 2:
            continue
        doses, falls = part["severity"].to_numpy(dtype=float), -part["shift"].to_numpy(dtype=float)
        clusters = part["cluster"].to_numpy(dtype=str)
        series = part.groupby("video_id").ngroup().to_numpy()
        trend = severity_trend(doses, falls, series, clusters, level=confidence)
        rows.append(
            make_row(trend.estimate, "severity_tau", **dict(zip(keys, names, strict=True)))
            | {"p_page": page_p_value(doses, falls, series, clusters)}
            | {"n_series": trend.estimate.n, "n_left_out": trend.n_left_out}
        )
    return make_estimates(rows, groups=keys)


def estimate_unscored_probes(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate, for every scorer, the share of the probed videos asked about that got no usable score.

    Videos that could not be read or made are no fault of a scorer and do not count.

    Returns
    -------
    DataFrame
        Estimates ``unscored_share`` with ``scorer, task, n_unscored`` and ``commonest`` (the probe with most
        of them).
    """
    rows = []
    for names, part in pairs.groupby(SCORER, sort=True):
        asked = part[~part["pair_status"].isin(ABSENT)]
        missing = asked["probe_score"].isna()
        estimate = bounded_mean_estimate(
            missing.to_numpy(dtype=float), asked["cluster"].to_numpy(dtype=str), level=confidence
        )
        of_probe = asked.loc[missing, "probe"].value_counts()
        rows.append(
            make_row(estimate, "unscored_share", **dict(zip(SCORER, names, strict=True)))
            | {"n_unscored": int(missing.sum()), "commonest": of_probe.index[0] if len(of_probe) else ""}
        )
    return make_estimates(rows, groups=SCORER)


def expect_shifts(probes: pd.Series, expect: Mapping[str, str]) -> dict[str, str]:
    """Tell what a right judge of physics does under each of some probes, in the order of what is known.

    Parameters
    ----------
    probes : Series of str
        Names, also ``reverse (irreversible)`` and ``reverse (reversible)``.
    expect : mapping of edit to {"falls", "stays", "free"}
        Of the probes' catalog.

    Returns
    -------
    dict of probe to {"falls", "stays", "free"}
    """
    known = pd.Series(probes.unique())
    edits = split_probe(known.str.replace(r" \(.*\)$", "", regex=True))["edit"]
    places = edits.map({edit: place for place, edit in enumerate(expect)}).fillna(len(expect))
    turned = {f"reverse ({CLASSES[0]})": "falls", f"reverse ({CLASSES[1]})": "stays"}
    found = {}
    for position in np.argsort(places.to_numpy(), kind="stable"):
        name, edit = str(known[position]), str(edits[position])
        found[name] = turned.get(name, "free") if edit == "reverse" else expect.get(edit, "free")
    return found
