"""Which faults a judge shows under probes, which it is cleared of, and which cannot be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from videophy_lab.schema.probes import REPEAT
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.paired import bounded_mean_estimate, paired_auc
from videophy_lab.stats.reliability import retest_agreement, retest_icc
from videophy_lab.stats.shifts import judge_shift, standardise_shift
from videophy_lab.study.probe_answers import find_commonest, keep_controls, stack_answers
from videophy_lab.study.probe_controls import COMPARABLE, OK
from videophy_lab.study.probe_shifts import SCORER, take_pairs
from videophy_lab.study.probes import find_unit
from videophy_lab.study.tables import TASKS, make_estimates, make_row

FAULT, PASSED, OPEN, REFUSED = "fault", "passed", "open", "refused"
ORDER = ("irreversible", "reversible")
LEVEL, NARROW = 0.95, 0.90
ALL_ALIKE = 6


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What counts as a fault; declared before looking.

    Attributes
    ----------
    margin : float
        Largest shift that counts as none, in units (a point on 1–5; a standard deviation of a metric).
    notices : float
        Share of pairs in the right order from which on a judge notices an edit.
    steady : float
        ICC from which on answers repeat.
    one_answer : float
        Share of one answer above which a judge hardly uses its scale.
    unscored : float
        Share of questions without a usable answer that is too large.
    """

    margin: float = 0.2
    notices: float = 0.65
    steady: float = 0.75
    one_answer: float = 0.9
    unscored: float = 0.05

    def __post_init__(self) -> None:
        for name, low, high in (
            ("margin", 0, 1), ("notices", 0.5, 1), ("steady", 0, 1), ("one_answer", 0, 1), ("unscored", 0, 1)
        ):  # fmt: skip
            value = getattr(self, name)
            if not low < value < high:
                raise ValueError(f"{name} is {value}; allowed is above {low} and below {high}")


# edit: the task it is a check of, the check, what is to be noticed, the edited video
FALLS = {
    "reverse": ("pc", "direction of time", "the direction of time", "reversed video"),
    "freeze": ("pc", "frozen video", "frozen video", "frozen video"),
    "shuffle": ("pc", "order of frames", "the order of frames", "shuffled frames"),
    "shuffle_blocks": ("pc", "order of blocks", "the order of blocks", "shuffled blocks"),
    "loop": ("pc", "loops", "loops", "loops"),
    "drop_frames": ("pc", "dropped frames", "dropped frames", "dropped frames"),
    "blank": ("pc", "blank picture", "the picture", "a blank picture"),
    "caption_swap": ("sa", "wrong caption", "the caption", "a wrong caption"),
}
# with all frames dropped the first is frozen, and that is another check
ALL_DROPPED = "drop_frames-100"
# edits (beginnings of names): the task or blank for any, the check, the fault
STAYS = {
    "reencode": ("", "re-encoding", "minds re-encoding"),
    "mirror": ("pc", "mirroring", "minds mirroring"),
    "overlay": ("", "text overlays", "reads text overlays"),
    "caption_paraphrase": ("", "wording of the caption", "minds the wording of the caption"),
    "caption_swap": ("pc", "caption in physics", "judges physics by the caption"),
    "reverse": ("pc", "reversal of reversible videos", "minds reversal where nothing is wrong"),
}


def name_faults(
    pairs: pd.DataFrame, answers: pd.DataFrame | None = None, *, limits: Limits | None = None
) -> pd.DataFrame:
    """Judge every judge's SA and PC by every check that its scores allow.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`; metrics have no faults and no rows.
    answers : DataFrame, optional
        From :func:`videophy_lab.study.name_answers`, for unanswered questions and the use of the scale.
    limits : Limits, optional

    Returns
    -------
    DataFrame
        Estimates, one row a scorer, task and ``check``, with ``verdict`` (``fault``, ``passed``, ``open``,
        ``refused``), ``fault`` (what it does; blank unless shown) and ``probe`` (of several, the one with
        the greatest shift). Quantities: ``paired_auc``, ``refused_share``, ``shift_units``, ``retest_icc``,
        ``commonest_share``, ``unscored_share``.

    Notes
    -----
    An edit that must lower the score: it is liked if the 95 % interval of the paired area lies below .5. It
    is ignored, or hardly noticed where that interval lies above .5, if the one-sided upper 95 % limit lies
    below ``notices``, so that few videos are not taken for blindness; the estimate then has the interval
    whose upper end that limit is, of 90 %. Else the check is passed if the 95 % interval lies above .5.
    Else, if two one-sided tests at 5 % say that the shift is smaller than the margin, such a video is scored
    about as high; the estimate is then that shift with its 90 % interval. A judge that gives most edited
    videos no score refuses them. Of several severities the greatest counts, of dropped frames the greatest
    below all; of reversals, those of irreversible videos.
    An edit that must not matter: a fault if the 95 % interval of the shift lies beyond the margin on one side
    (of k such edits, the interval at 1 − .05/k of any); passed if all are equivalent to none by two one-sided
    tests at 5 %. All else is open.

    Measured: of 400 faultless judges (noise of .15 points; 12 prompts of one video, 24 of two) none was
    accused by any of 16 checks. Of 200 that answer in whole points with a noise of .4 (12 prompts of two)
    only repeats were accused, 31 times: rounding and noise leave them an ICC near its limit. Of 300 with 2,
    3, 4, 6 and 8 prompts of one video 3 were accused. An effect at the margin is called a fault in .020 to
    .030 of 200 draws a check.
    """
    chosen = limits or Limits()
    rows = []
    for (scorer, task), part in pairs.groupby(SCORER, sort=True):
        if task not in TASKS:
            continue
        groups = {"scorer": scorer, "task": task}
        (unit, _), comparable = find_unit(part), part[part["pair_status"].isin(COMPARABLE)]
        found = _run_checks(comparable, str(task), chosen, unit)
        for quantity, check, probe, verdict, fault, estimate in found:
            named = {"check": check, "verdict": verdict, "fault": fault, "probe": probe}
            rows.append(make_row(estimate, quantity, **groups, **named))
        if answers is not None:
            rows += _check_answers(answers, str(scorer), str(task), chosen)
    return make_estimates(rows, groups=[*SCORER, "check", "verdict", "fault", "probe"])


Finding = tuple[str, str, str, str, str, Estimate]


def _run_checks(asked: pd.DataFrame, task: str, limits: Limits, unit: float | None) -> Iterator[Finding]:
    """Run every check that one judge's answers to one question allow."""
    for edit, (of_task, check, what, edited) in FALLS.items():
        own = asked[asked["edit"].eq(edit) & asked["probe"].ne(ALL_DROPPED)]
        own = own[own["class"].eq(ORDER[0])] if edit == "reverse" else own
        if of_task == task and len(own):
            strongest = own["severity"].fillna(1.0)
            own = own[strongest.eq(strongest.max())]
            quantity, estimate, verdict, fault = judge_fall(own, limits, unit, what, edited)
            yield quantity, check, str(own["probe"].iloc[0]), verdict, fault, estimate
    for edit, (of_task, check, fault) in STAYS.items():
        own = asked[asked["edit"].str.startswith(edit)]
        own = own[own["class"].eq(ORDER[1])] if edit == "reverse" else own
        if of_task in ("", task) and len(own):
            estimate, verdict, probe = judge_stay(own, limits, unit)
            yield "shift_units", check, probe, verdict, fault if verdict == FAULT else "", estimate
    again, clusters = stack_answers(asked, REPEAT)
    if again.shape[1] > 1:
        estimate, verdict = judge_repeats(again.to_numpy(dtype=float), clusters.to_numpy(dtype=str), limits)
        fault = "answers differently when asked again" if verdict == FAULT else ""
        yield "retest_icc", "repeated questions", REPEAT, verdict, fault, estimate


def judge_fall(
    own: pd.DataFrame, limits: Limits, unit: float | None, what: str, edited: str
) -> tuple[str, Estimate, str, str]:
    """Judge whether an edit that must lower the score does; give the estimate that decides."""
    scored = own[own["control_score"].notna()]
    refused = bounded_mean_estimate(
        scored["probe_score"].isna().to_numpy(dtype=float),
        scored["cluster"].to_numpy(dtype=str),
        level=LEVEL,
    )
    if refused.estimate > 0.5:
        return "refused_share", refused, REFUSED, ""
    after, before, clusters = take_pairs(own)
    wide, narrow = (paired_auc(before, after, clusters, level=level) for level in (LEVEL, NARROW))
    if wide.high < 0.5:
        return "paired_auc", wide, FAULT, f"likes {edited}"
    if narrow.high < limits.notices:
        return "paired_auc", narrow, FAULT, f"{'hardly notices' if wide.low > 0.5 else 'ignores'} {what}"
    if wide.low > 0.5:
        return "paired_auc", wide, PASSED, ""
    if judge_shift(after, before, clusters, unit=unit, margin=limits.margin).verdict == "equivalent":
        shift = standardise_shift(after, before, clusters, unit=unit, level=NARROW)
        return "shift_units", shift, FAULT, f"scores {edited} about as high"
    return "paired_auc", wide, OPEN, ""


def judge_stay(own: pd.DataFrame, limits: Limits, unit: float | None) -> tuple[Estimate, str, str]:
    """Judge whether edits that must not matter move the score; give the one that moves it most."""
    probes = sorted(set(own["probe"]))
    level = 1 - (1 - LEVEL) / len(probes)
    found, equivalent = {}, []
    for probe in probes:
        pairs = take_pairs(own[own["probe"].eq(probe)])
        found[probe] = standardise_shift(*pairs, unit=unit, level=level)
        equivalent.append(judge_shift(*pairs, unit=unit, margin=limits.margin).verdict == "equivalent")
    beyond = [
        probe
        for probe, estimate in found.items()
        if estimate.low > limits.margin or estimate.high < -limits.margin
    ]
    most = max(beyond or probes, key=lambda probe: np.nan_to_num(abs(found[probe].estimate), nan=-1.0))
    verdict = FAULT if beyond else PASSED if all(equivalent) else OPEN
    return found[most], verdict, most


def judge_repeats(answers: np.ndarray, clusters: np.ndarray, limits: Limits) -> tuple[Estimate, str]:
    """Judge whether answers repeat; those that are always the same do."""
    icc = retest_icc(answers, clusters, level=LEVEL)
    same = retest_agreement(answers, clusters, level=LEVEL)
    if same.estimate == 1 or icc.low > limits.steady:
        return icc, PASSED
    return icc, FAULT if icc.high < limits.steady else OPEN


def judge_share(estimate: Estimate, limit: float) -> str:
    """Judge whether a share is too large."""
    if estimate.low > limit:
        return FAULT
    # no interval of few prompts lies below a small limit, so the share itself decides
    return PASSED if estimate.estimate <= limit else OPEN


def _check_answers(answers: pd.DataFrame, scorer: str, task: str, limits: Limits) -> list[dict[str, object]]:
    """Judge whether one judge answers at all, and uses its scale, on videos without an edit."""
    controls = keep_controls(answers)
    own = controls[controls["scorer"].eq(scorer) & controls["task"].eq(task)]
    missing = own["status"].ne(OK).to_numpy(dtype=float)
    unscored = bounded_mean_estimate(missing, own["cluster"].to_numpy(dtype=str), level=LEVEL)
    verdict = judge_share(unscored, limits.unscored)
    fault = "leaves questions unanswered" if verdict == FAULT else ""
    named = {"scorer": scorer, "task": task, "probe": ""}
    told = {"check": "unanswered questions", "verdict": verdict, "fault": fault}
    rows = [make_row(unscored, "unscored_share", **named, **told)]
    usable = own[own["status"].eq(OK)]
    if len(usable):
        scores = usable["score"].astype(float)
        commonest = find_commonest(scores)
        share = bounded_mean_estimate(
            scores.eq(commonest).to_numpy(dtype=float),
            usable["cluster"].to_numpy(dtype=str),
            level=LEVEL,
        )
        # six prompts that agree by chance are as rare as 5 %, if half of all answers are the same
        alike = share.n_clusters >= ALL_ALIKE and share.estimate == 1
        verdict = FAULT if alike else judge_share(share, limits.one_answer)
        fault = f"answers {commonest:g} to nearly every video" if verdict == FAULT else ""
        told = {"check": "use of the scale", "verdict": verdict, "fault": fault}
        rows.append(make_row(share, "commonest_share", **named, **told))
    return rows
