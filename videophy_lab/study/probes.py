"""Every probed video beside the same video without the edit, for every scorer and question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from videophy_lab.schema.probes import NULL
from videophy_lab.study.pairing import DIRECTIONS, name_task
from videophy_lab.study.probe_controls import (
    FACTS,
    NO_CONTROL,
    NO_VIDEO,
    NOT_ASKED,
    OK,
    UNCHANGED,
    UNSCORED,
    find_controls,
    find_failed,
    name_rows,
)
from videophy_lab.study.tables import TASKS
from videophy_lab.study.words import choose_name, hint_close

# what a unit of a shift is
POINT, DEVIATION = "point", "standard deviation"


def pair_with_null(
    scores: pd.DataFrame,
    videos: pd.DataFrame,
    *,
    better: Mapping[str, str] | None = None,
    scales: Mapping[str, str] | None = None,
    value: str = "score",
    cluster: str = "prompt_id",
) -> pd.DataFrame:
    """Set the score of every probed video beside that of its control, for every scorer and question.

    Parameters
    ----------
    scores : DataFrame
        A scores table with ``probe``; rules are left out.
    videos : DataFrame
        A videos table with ``probe``, ``reversibility`` where known.
    better : mapping of task or scorer to {"higher", "lower", "neither"}, optional
        Which end is the better one; of ``neither``, and where it is not told, higher counts as right.
    scales : mapping of scorer to its scale in words, optional
        Such as ``1–5`` or ``0–100``; see :func:`find_point`.
    value : {"score", "expected"}
        What a judge answered, or its probability-weighted mean answer, where it gives one.
    cluster : str
        Column of the videos that names the independent units: ``prompt_id``, or ``action``.

    Returns
    -------
    DataFrame
        One row a scorer, task and probed video: ``scorer`` (followed by its task where it has several),
        ``measured_by`` (the scorer alone), ``task, better, scale, video_id, prompt_id, generator, seed,
        cluster, class`` (``irreversible``, ``reversible``, ``not known``), ``probe, edit, severity, control,
        control_score, probe_score`` (both with higher as the better end), ``shift`` (probed minus control:
        below 0 the edit lowers the score; NaN unless both are scored) and ``pair_status``: ``ok``,
        ``no video`` (it could not be read or made), ``not asked`` (the scores have no row of it),
        ``unchanged`` (the edit gave the very file of the control), ``no control`` (no such video, or no row
        of it in the scores), or who is unscored. No pair is left out.

    Raises
    ------
    ValueError
        No score belongs to a video, none to a probed one, a direction or the cluster is unknown, or as
        :func:`videophy_lab.study.probe_controls.find_controls`.
    """
    directions = dict(better or {})
    wrong_words = {word for word in directions.values() if word not in (*DIRECTIONS, "not told")}
    if wrong_words:
        raise ValueError(f"better holds {sorted(wrong_words)}; allowed are {', '.join(DIRECTIONS)}")
    if cluster not in videos.columns or videos[cluster].isna().any():
        raise ValueError(
            f"the videos have no {cluster!r}, or not for every row; the independent units can be prompt_id"
        )
    probed = find_controls(videos)
    answers = keep_answers(scores, videos, value=value)
    if answers["probe"].eq("").all():
        raise ValueError(
            "the scores have no probed row, only originals: a column probe must name the edit of each score "
            "(reencode, reverse and so on; blank for the original). Score the folder that videophy-lab probe "
            "wrote: type videophy-lab score FOLDER --scorer NAME --out FOLDER"
        )
    n_tasks = answers.groupby("scorer")["task"].nunique().to_dict()
    columns = ["video_id", "prompt_id", "generator", "seed", *FACTS]
    kept = probed[[name for name in columns if name in probed.columns]].assign(
        cluster=probed[cluster].astype(str)
    )
    kept = kept.join(probed[["class", "probe", "edit", "severity", "control", "no_video", "unchanged"]])
    tables = []
    for scorer, task in sorted(set(zip(answers["scorer"], answers["task"], strict=True))):
        part = answers[answers["scorer"].eq(scorer) & answers["task"].eq(task)]
        direction = directions.get(task, directions.get(part["named"].iloc[0], "not told"))
        sign = -1 if direction == "lower" else 1
        usable = part["score"].astype(float).where(part["status"].eq(OK)) * sign
        known = pd.Series(usable.to_numpy(), index=pd.MultiIndex.from_frame(part[["video_id", "probe"]]))
        tables.append(
            _join_scores(kept, known).assign(
                scorer=name_task(scorer, task) if n_tasks[scorer] > 1 else scorer,
                measured_by=scorer,
                task=task,
                better=direction,
                scale=dict(scales or {}).get(part["named"].iloc[0], ""),
            )
        )
    pairs = pd.concat(tables, ignore_index=True)
    first = ["scorer", "measured_by", "task", "better", "scale"]
    return pairs[[*first, *(name for name in pairs.columns if name not in first)]]


def _join_scores(probed: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """Add the scores of one scorer and task to the probed rows, and say what is missing."""
    # a control that is not there has a name that no score has
    controls = pd.MultiIndex.from_arrays([probed["video_id"], probed["control"].fillna("(none)")])
    names = pd.MultiIndex.from_frame(probed[["video_id", "probe"]])
    before, after = (known.reindex(index).to_numpy(dtype=float) for index in (controls, names))
    conditions = [
        probed["no_video"].to_numpy(dtype=bool),
        ~names.isin(known.index),
        probed["unchanged"].to_numpy(dtype=bool),
        ~controls.isin(known.index),
        ~np.isnan(before) & ~np.isnan(after),
        ~np.isnan(after),
        ~np.isnan(before),
    ]
    words = [NO_VIDEO, NOT_ASKED, UNCHANGED, NO_CONTROL, OK, *UNSCORED[:2]]
    status = np.select(conditions, words, default=UNSCORED[2])
    usable = status == OK
    return probed.drop(columns=["no_video", "unchanged"]).assign(
        control_score=before,
        probe_score=after,
        shift=np.where(usable, after - before, np.nan),
        pair_status=status,
    )


def keep_answers(scores: pd.DataFrame, videos: pd.DataFrame, *, value: str = "score") -> pd.DataFrame:
    """Keep the scores of videos of a table, probed ones too, without rules.

    Left out are those of edits that their video does not have (:func:`videophy_lab.study.say_strays` counts
    them), and those of videos that could not be read or made: that is no fault of a scorer.

    Returns
    -------
    DataFrame
        The scores with ``probe`` as text (blank for the original), ``prompt_id, generator`` of the video, and
        ``named`` (the scorer); a scorer with several settings of one task becomes several, its name followed
        by the spec.

    Raises
    ------
    ValueError
        No score belongs to one of the videos that can be read, or none of its edits is one of theirs.
    """
    probe = scores["probe"].fillna("").astype(str) if "probe" in scores.columns else ""
    plain = scores.assign(probe=probe, named=scores["scorer"])
    plain = plain[plain["task"].ne("rule")]
    rows = videos[["video_id", "prompt_id", "generator"]].drop_duplicates("video_id")
    joined = plain.drop(columns=["prompt_id", "generator"], errors="ignore").merge(rows, on="video_id")
    if joined.empty:
        raise ValueError(
            "no score belongs to one of these videos; give the scores and the videos of the same run"
        )
    joined = _keep_known(joined, videos)
    if value == "expected":
        expected = joined["expected"] if "expected" in joined.columns else joined["score"]
        joined = joined.assign(score=expected.fillna(joined["score"]))
    n_specs = joined.groupby(["scorer", "task"])["spec"].nunique().groupby("scorer").max()
    several = joined["scorer"].isin(n_specs.index[n_specs > 1])
    return joined.assign(scorer=joined["scorer"].where(~several, joined["scorer"] + " " + joined["spec"]))


def _keep_known(joined: pd.DataFrame, videos: pd.DataFrame) -> pd.DataFrame:
    """Keep the scores of originals and of edits that their video has, where the video could be read and made.

    Raises
    ------
    ValueError
        Nothing is left.
    """
    given = name_rows(videos)
    pairs = name_rows(joined)
    edited = joined["probe"].ne("")
    if edited.any() and not (pairs.isin(given) & edited).any():
        names, known = (sorted(set(index.get_level_values(1)) - {""}) for index in (pairs, given))
        raise ValueError(
            f"no edit of the scores is one of the videos': the scores have {', '.join(names)}, the videos "
            f"{', '.join(known)}{hint_close(names[0], known)}. Correct the column probe of the scores"
        )
    kept = joined[(~edited | pairs.isin(given)) & ~pairs.isin(list(find_failed(videos)))]
    if kept.empty:
        raise ValueError(
            "none of the scored videos could be read: their status is failed in the videos table, whose "
            "column error says why. Mend the files and type videophy-lab probe again"
        )
    return kept


def find_unit(pairs: pd.DataFrame) -> tuple[float | None, str]:
    """Find the points of a score that count as one unit, for one scorer and task, and what they are.

    Returns
    -------
    float or None
        Those of :func:`find_point`, or else the standard deviation of the controls' scores over videos, each
        once; None where they do not vary. One number for all that is said of the scorer.
    str
        ``point`` or ``standard deviation``.
    """
    point = find_point(pairs)
    if point is not None:
        return point, POINT
    controls = pairs[pairs["control"].eq(NULL)] if pairs["control"].eq(NULL).any() else pairs
    spread = controls.drop_duplicates("video_id")["control_score"].dropna()
    return (float(spread.std()) if spread.nunique() > 1 else None), DEVIATION


def find_point(pairs: pd.DataFrame) -> float | None:
    """Find a quarter of the scale of a judge, which is a point on 1–5.

    Returns
    -------
    float or None
        For SA and PC that of the scale that the scorer tells; where it tells none, of 0–1 if all scores lie
        there, and of 1–5 if they lie within 0 and 5. None for a metric, and for a scale that nobody knows.
    """
    values = pairs[["control_score", "probe_score"]].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if not pairs["task"].isin(TASKS).all() or not values.size:
        return None
    width = find_width(pairs["scale"].iloc[0] if "scale" in pairs else "")
    if width is not None:
        return width / 4
    if values.min() < 0 or values.max() > 5:
        return None
    return 0.25 if values.max() <= 1 else 1.0


def find_width(scale: str) -> float | None:
    """Find how wide a scale is that words tell, such as ``0–100``; None where they tell none."""
    told = re.search(r"(\d+(?:\.\d+)?)\s*[–-]\s*(\d+(?:\.\d+)?)", scale)
    width = float(told[2]) - float(told[1]) if told else 0.0
    return width if width > 0 else None


def choose_scales(scales: Mapping[str, object], scorers: Iterable[str]) -> dict[str, str]:
    """Check the scales that a user gives for scorers.

    Raises
    ------
    ValueError
        There is no such scorer, or its scale is not two numbers.
    """
    chosen = {}
    for name, scale in scales.items():
        if find_width(str(scale)) is None:
            raise ValueError(
                f"scales gives {scale!r} for {name!r}; give the ends of its scale, the lower first: 0–100"
            )
        chosen[choose_name(name, sorted(set(scorers)), what="scorer of scales")] = str(scale)
    return chosen
