"""Clips in pairs whose truth is known: a right one, and its twin that breaks a law or looks different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from videophy_lab.stats.means import cluster_rate_estimate
from videophy_lab.study.laws import NO_LAW
from videophy_lab.study.scoring import join_videos, keep_video_scores
from videophy_lab.study.tables import TASKS, make_estimates, make_row

KINDS = ("right", "violation", "control")
TWIN = ["prompt_id", "seed"]
NEEDED = ("kind", "violation", "law", "severity", "seed")
EXTRA = ("scene", "onset", "physical", "reversibility")
OK, NO_TWIN = "ok", "no twin"
# the right clip has no score, or the wrong one, or neither
UNSCORED = ("right unscored", "wrong unscored", "both unscored")
DIRECTIONS = ("higher", "lower", "neither")


def check_truth(videos: pd.DataFrame) -> pd.DataFrame:
    """Check that the videos tell their truth; severity becomes a number.

    Raises
    ------
    ValueError
        A column is missing, a kind is unknown, a wrong clip has no severity, or two right clips share
        prompt and seed.
    """
    missing = [name for name in NEEDED if name not in videos.columns]
    if missing:
        raise ValueError(
            f"the videos lack the column(s) {', '.join(missing)}: their truth is not known. This study needs "
            "clips of the simulated world; give the videos table that videophy-lab generate wrote beside them"
        )
    strange = sorted(set(map(str, videos["kind"])) - set(KINDS))
    if strange:
        raise ValueError(f"kind holds {', '.join(map(repr, strange))}; allowed are {', '.join(KINDS)}")
    clips = videos.assign(severity=pd.to_numeric(videos["severity"], errors="coerce"))
    wrong = clips[clips["kind"].ne("right")]
    for name in ("violation", "severity"):
        blank = wrong.loc[wrong[name].isna(), "video_id"]
        if len(blank):
            raise ValueError(f"{blank.iloc[0]!r} is not right and has no {name}; fill it in")
    right = clips[clips["kind"].eq("right")]
    twice = right[right.duplicated(TWIN, keep=False)]
    if len(twice):
        first, second = twice.sort_values(TWIN)["video_id"].iloc[:2]
        raise ValueError(
            f"{first!r} and {second!r} are both the right clip of one prompt and seed; keep one of them"
        )
    return clips


def join_twins(videos: pd.DataFrame) -> pd.DataFrame:
    """Give every wrong clip its right twin: the same prompt and seed in the right world.

    Returns
    -------
    DataFrame
        One row a clip of kind ``violation`` or ``control``: ``wrong_id, right_id`` (NA where there is no
        twin), ``prompt_id, seed, kind, violation, law, severity`` (a law that is blank is ``(no law named)``)
        and what else of ``scene, onset, physical, reversibility`` there is.
    """
    clips = check_truth(videos)
    names = [*TWIN, "kind", "violation", "law", "severity", *(name for name in EXTRA if name in clips)]
    wrong = clips.loc[clips["kind"].ne("right"), ["video_id", *names]].rename(
        columns={"video_id": "wrong_id"}
    )
    right = clips.loc[clips["kind"].eq("right"), ["video_id", *TWIN]].rename(columns={"video_id": "right_id"})
    joined = wrong.merge(right, on=TWIN, how="left", validate="m:1")
    return joined.assign(law=joined["law"].fillna(NO_LAW))[["wrong_id", "right_id", *names]]


def count_twins(videos: pd.DataFrame) -> pd.DataFrame:
    """Count what there is to be seen, by violation.

    Returns
    -------
    DataFrame
        ``kind, law, violation, severities`` (as text), ``n_wrong, n_no_twin, n_prompts, n_seeds``.
    """
    rows = []
    for (kind, law, violation), part in join_twins(videos).groupby(["kind", "law", "violation"], sort=True):
        rows.append(
            {
                "kind": kind,
                "law": law,
                "violation": violation,
                "severities": ", ".join(f"{value:g}" for value in np.unique(part["severity"])),
                "n_wrong": len(part),
                "n_no_twin": int(part["right_id"].isna().sum()),
                "n_prompts": part["prompt_id"].nunique(),
                "n_seeds": part["seed"].nunique(),
            }
        )
    columns = ["kind", "law", "violation", "severities", "n_wrong", "n_no_twin", "n_prompts", "n_seeds"]
    table = pd.DataFrame(rows, columns=columns)
    order = table["kind"].map(KINDS.index).rename("order")
    return table.assign(order=order).sort_values("order", kind="stable", ignore_index=True)[columns]


def pair_right_and_wrong(
    scores: pd.DataFrame,
    videos: pd.DataFrame,
    *,
    better: Mapping[str, str] | None = None,
    value: str = "score",
) -> pd.DataFrame:
    """Set the scores of every wrong clip beside those of its right twin, for every scorer.

    Parameters
    ----------
    scores : DataFrame
        A scores table; probes and rules are left out.
    videos : DataFrame
        A videos table with ``kind`` (``right``, ``violation`` or ``control``), ``violation, law, severity``.
    better : mapping of task or scorer to {"higher", "lower", "neither"}, optional
        Which end is the better one; of ``neither``, and where it is not told, higher counts as right.
    value : {"score", "expected"}
        What a judge answered, or its probability-weighted mean answer, where it gives one.

    Returns
    -------
    DataFrame
        One row a scorer, task and wrong clip: the columns of :func:`join_twins`, ``scorer`` (followed by its
        task where it has several), ``measured_by`` (the scorer alone), ``task, better, right_score,
        wrong_score, drop`` (right minus wrong in the better direction: above 0 the right clip is preferred;
        NaN unless both are scored) and ``pair_status``. No pair is left out.

    Raises
    ------
    ValueError
        No score belongs to a video, a direction is unknown, or as :func:`check_truth`.
    """
    directions = dict(better or {})
    wrong_words = {word for word in directions.values() if word not in (*DIRECTIONS, "not told")}
    if wrong_words:
        raise ValueError(f"better holds {sorted(wrong_words)}; allowed are {', '.join(DIRECTIONS)}")
    twins = join_twins(videos)
    joined = keep_video_scores(join_videos(scores.assign(named=scores["scorer"]), videos))
    if joined.empty:
        raise ValueError(
            "no score belongs to one of these videos; give the scores and the videos of the same run"
        )
    if value == "expected":
        expected = joined["expected"] if "expected" in joined.columns else joined["score"]
        joined = joined.assign(score=expected.fillna(joined["score"]))
    n_tasks = joined.groupby("scorer")["task"].nunique().to_dict()
    tables = []
    for scorer, task in sorted(set(zip(joined["scorer"], joined["task"], strict=True))):
        part = joined[joined["scorer"].eq(scorer) & joined["task"].eq(task)]
        usable = part[part["status"].eq(OK)].set_index("video_id")["score"].astype(float)
        direction = directions.get(task, directions.get(part["named"].iloc[0], "not told"))
        both = {side: twins[f"{side}_id"].map(usable) for side in ("right", "wrong")}
        name = name_task(scorer, task) if n_tasks[scorer] > 1 else scorer
        tables.append(
            twins.assign(
                scorer=name,
                measured_by=scorer,
                task=task,
                better=direction,
                right_score=both["right"],
                wrong_score=both["wrong"],
                drop=(-1 if direction == "lower" else 1) * (both["right"] - both["wrong"]),
                pair_status=_name_status(twins, both["right"], both["wrong"]),
            )
        )
    pairs = pd.concat(tables, ignore_index=True)
    first = ["scorer", "measured_by", "task", "better"]
    return pairs[[*first, *(name for name in pairs.columns if name not in first)]]


def name_task(scorer: str, task: str) -> str:
    """Name one task of a scorer that has several."""
    return f"{scorer}, {task.upper() if task in TASKS else task}"


def _name_status(twins: pd.DataFrame, right: pd.Series, wrong: pd.Series) -> np.ndarray:
    conditions = [twins["right_id"].isna(), right.notna() & wrong.notna(), wrong.notna(), right.notna()]
    return np.select(conditions, [NO_TWIN, OK, *UNSCORED[:2]], default=UNSCORED[2])


def keep_scorers(pairs: pd.DataFrame, scorers: Sequence[str] = (), tasks: Sequence[str] = ()) -> pd.DataFrame:
    """Keep the pairs of some scorers, and of judges those about some questions.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`pair_right_and_wrong`.
    scorers : sequence of str
        By the name in the table or the scorer's own; all when empty.
    tasks : sequence of {"sa", "pc"}
        Questions of scorers that answer any; all when empty. Metrics have none and are kept. A scorer of
        which one question is left loses the question in its name.

    Raises
    ------
    ValueError
        A name is unknown, or nothing is left.
    """
    known = sorted({*pairs["scorer"], *pairs["measured_by"]})
    strangers = [name for name in scorers if name not in known]
    if strangers:
        raise ValueError(f"no scorer {strangers[0]!r} among the scores; there are {', '.join(known)}")
    asked = pairs["measured_by"].isin(list_judges_of_pairs(pairs))
    kept = pairs[~asked | pairs["task"].isin(tasks)] if tasks else pairs
    if scorers:
        kept = kept[kept["scorer"].isin(scorers) | kept["measured_by"].isin(scorers)]
    if tasks:
        # with one question left, the question need not be named
        alone = kept.groupby("measured_by")["task"].transform("nunique").eq(1)
        kept = kept.assign(scorer=kept["scorer"].where(~alone, kept["measured_by"]))
    if kept.empty:
        raise ValueError(f"nothing is left of the scorers {list(scorers)} and the tasks {list(tasks)}")
    return kept.reset_index(drop=True)


def list_judges_of_pairs(pairs: pd.DataFrame) -> list[str]:
    """List the scorers, by their own names, that answer a question about a video."""
    return sorted(set(pairs.loc[pairs["task"].isin(TASKS), "measured_by"]))


def estimate_unscored_pairs(pairs: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate, for every scorer and violation, the share of pairs that it could not score.

    Returns
    -------
    DataFrame
        Estimates ``unscored_share`` (of the pairs that have a twin) with ``scorer, task, kind, violation``
        and ``n_pairs, n_unscored, n_right_unscored, n_wrong_unscored`` (both in each) and ``n_no_twin``.
    """
    rows = []
    keys = ["scorer", "task", "kind", "violation"]
    for names, part in pairs.groupby(keys, sort=True):
        paired = part[part["pair_status"].ne(NO_TWIN)]
        missing = paired["pair_status"].isin(UNSCORED).to_numpy(dtype=float)
        estimate = cluster_rate_estimate(missing, paired["prompt_id"].to_numpy(dtype=str), level=confidence)
        sides = {
            f"n_{side}_unscored": int(paired[f"{side}_score"].isna().sum()) for side in ("right", "wrong")
        }
        n_videos = paired[["right_id", "wrong_id"]].stack().nunique()
        rows.append(
            make_row(estimate, "unscored_share", **dict(zip(keys, names, strict=True)))
            | {"n_videos": n_videos, "n_pairs": len(paired), "n_unscored": int(missing.sum())}
            | sides
            | {"n_no_twin": len(part) - len(paired)}
        )
    return make_estimates(rows, groups=keys)
