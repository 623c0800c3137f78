"""Every probed video beside the same video without the edit, for every scorer and question."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from videophy_lab.schema.probes import CAPTION_PROBES, NULL, REPEAT
from videophy_lab.schema.reversibility import EQUIVARIANT, INVARIANT, IRREVERSIBLE, read_reversibility
from videophy_lab.study.pairing import DIRECTIONS, name_task
from videophy_lab.study.tables import TASKS

OK, NO_CONTROL, NOT_ASKED = "ok", "no control", "not asked"
# the control has no usable score, or the probed video, or neither
UNSCORED = ("control unscored", "probe unscored", "both unscored")
CLASSES = (IRREVERSIBLE, "reversible", "not known")
CLASS_OF = {IRREVERSIBLE: CLASSES[0], EQUIVARIANT: CLASSES[1], INVARIANT: CLASSES[1], "": CLASSES[2]}
FACTS = ("action", "category", "scene", "caption")
# a probe that asks the same file another time or in other words
ASKED = (REPEAT, *CAPTION_PROBES)


def split_probe(names: pd.Series) -> pd.DataFrame:
    """Split names of probes, ``blur-050`` or ``repeat_2``, into what is done and how strongly.

    Returns
    -------
    DataFrame
        ``edit`` (``blur``, ``repeat``, ``caption_paraphrase``) and ``named_severity`` (.5; NaN where the name
        tells none).
    """
    parts = names.str.extract(r"^(?P<edit>.*?)(?:-(?P<per_cent>\d{3}))?$")
    edits = parts["edit"].str.replace(r"^(repeat|caption_paraphrase)_\d+$", r"\1", regex=True)
    return pd.DataFrame({"edit": edits, "named_severity": pd.to_numeric(parts["per_cent"]) / 100})


def name_class(reversibility: pd.Series) -> pd.Series:
    """Name the class that decides what a reversal does: irreversible, reversible or not known.

    Raises
    ------
    ValueError
        A word is no class; see :func:`videophy_lab.schema.read_reversibility`.
    """
    return reversibility.astype(object).map(lambda word: CLASS_OF[read_reversibility(word)])


def find_controls(videos: pd.DataFrame) -> pd.DataFrame:
    """Give every probed video of a table the probe that it is compared with, its control.

    Parameters
    ----------
    videos : DataFrame
        A videos table with ``probe``; blank is the untouched original.

    Returns
    -------
    DataFrame
        The probed rows with ``edit, severity, class``, and ``control``: ``reencode``, for ``reencode`` itself
        the original (blank), and for a question asked again, or in other words, whichever of the two has the
        same file. NA where the table has no such row.

    Raises
    ------
    ValueError
        There is no probed video, or two rows have one ``video_id`` and ``probe``.
    """
    if "probe" not in videos.columns or videos["probe"].fillna("").eq("").all():
        raise ValueError(
            "the videos have no probed row: a column probe with reencode, reverse and so on is needed. Give "
            "the table that videophy-lab probe wrote"
        )
    rows = videos.assign(probe=videos["probe"].fillna("").astype(str))
    twice = rows[rows.duplicated(["video_id", "probe"], keep=False)]
    if len(twice):
        first = twice.iloc[0]
        raise ValueError(
            f"{first['video_id']!r} has two rows of the probe {first['probe']!r}; keep one of them"
        )
    files = dict(zip(zip(rows["video_id"], rows["probe"], strict=True), _name_files(rows), strict=True))
    probed = rows[rows["probe"].ne("")].copy()
    probed = probed.assign(**split_probe(probed["probe"]))
    given = probed["severity"] if "severity" in probed.columns else pd.Series(np.nan, probed.index)
    probed["severity"] = pd.to_numeric(given, errors="coerce").fillna(probed.pop("named_severity"))
    labels = probed["reversibility"] if "reversibility" in probed.columns else pd.Series(pd.NA, probed.index)
    probed["class"] = name_class(labels)
    probed["control"] = [
        _choose_control(video_id, probe, edit, files)
        for video_id, probe, edit in zip(probed["video_id"], probed["probe"], probed["edit"], strict=True)
    ]
    return probed


def _name_files(rows: pd.DataFrame) -> list[str]:
    """Name the file of every row, by its hash or else its path; blank where neither is known."""
    columns = [name for name in ("sha256", "path") if name in rows.columns and rows[name].notna().any()]
    return rows[columns[0]].fillna("").astype(str).tolist() if columns else [""] * len(rows)


def _choose_control(video_id: str, probe: str, edit: str, files: Mapping[tuple[str, str], str]) -> str | None:
    """Choose the control of one probed row; None where the table does not have it."""
    if probe == NULL:
        return "" if (video_id, "") in files else None
    there = [name for name in (NULL, "") if (video_id, name) in files]
    own = files[video_id, probe]
    if edit in ASKED and own:
        same = [name for name in there if files[video_id, name] == own]
        if same:
            return same[0]
    return NULL if NULL in there else None


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
        Such as ``1–5`` or ``0–100``; see :func:`find_unit`.
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
        below 0 the edit lowers the score; NaN unless both are scored) and ``pair_status``. No pair is left
        out.

    Raises
    ------
    ValueError
        No score belongs to a video, a direction or the cluster is unknown, or as :func:`find_controls`.
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
    n_tasks = answers.groupby("scorer")["task"].nunique().to_dict()
    columns = ["video_id", "prompt_id", "generator", "seed", *FACTS]
    kept = probed[[name for name in columns if name in probed.columns]].assign(
        cluster=probed[cluster].astype(str)
    )
    kept = kept.join(probed[["class", "probe", "edit", "severity", "control"]])
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
        ~names.isin(known.index),
        probed["control"].isna().to_numpy(),
        ~np.isnan(before) & ~np.isnan(after),
        ~np.isnan(after),
        ~np.isnan(before),
    ]
    status = np.select(conditions, [NOT_ASKED, NO_CONTROL, OK, *UNSCORED[:2]], default=UNSCORED[2])
    usable = status == OK
    return probed.assign(
        control_score=before,
        probe_score=after,
        shift=np.where(usable, after - before, np.nan),
        pair_status=status,
    )


def keep_answers(scores: pd.DataFrame, videos: pd.DataFrame, *, value: str = "score") -> pd.DataFrame:
    """Keep the scores of videos of a table, probed ones too, without rules.

    Returns
    -------
    DataFrame
        The scores with ``probe`` as text (blank for the original), ``prompt_id, generator`` of the video, and
        ``named`` (the scorer); a scorer with several settings of one task becomes several, its name followed
        by the spec.

    Raises
    ------
    ValueError
        No score belongs to one of the videos.
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
    if value == "expected":
        expected = joined["expected"] if "expected" in joined.columns else joined["score"]
        joined = joined.assign(score=expected.fillna(joined["score"]))
    n_specs = joined.groupby(["scorer", "task"])["spec"].nunique().groupby("scorer").max()
    several = joined["scorer"].isin(n_specs.index[n_specs > 1])
    return joined.assign(scorer=joined["scorer"].where(~several, joined["scorer"] + " " + joined["spec"]))


def count_probes(videos: pd.DataFrame) -> pd.DataFrame:
    """Count what there is to be compared, by probe.

    Returns
    -------
    DataFrame
        ``probe, n_videos, n_irreversible, n_reversible, n_not_known, n_prompts, n_no_control``.
    """
    rows = []
    for probe, part in find_controls(videos).groupby("probe", sort=True):
        counts = part["class"].value_counts()
        rows.append(
            {"probe": probe, "n_videos": len(part)}
            | {f"n_{name.replace(' ', '_')}": int(counts.get(name, 0)) for name in CLASSES}
            | {"n_prompts": part["prompt_id"].nunique(), "n_no_control": int(part["control"].isna().sum())}
        )
    return pd.DataFrame(rows)


def find_unit(pairs: pd.DataFrame) -> float | None:
    """Find the points of a score that count as one unit, for one scorer and task.

    Returns
    -------
    float or None
        For SA and PC a quarter of the scale that the scorer tells, which is a point on 1–5; where it tells
        none, of 0–1 if all scores lie there, and of 1–5 if they lie within 0 and 5. None for a metric, and
        for a scale that nobody knows: the unit is then a standard deviation.
    """
    values = pairs[["control_score", "probe_score"]].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if not pairs["task"].isin(TASKS).all() or not values.size:
        return None
    told = re.search(
        r"(\d+(?:\.\d+)?)\s*–\s*(\d+(?:\.\d+)?)", pairs["scale"].iloc[0] if "scale" in pairs else ""
    )
    if told and float(told[2]) > float(told[1]):
        return (float(told[2]) - float(told[1])) / 4
    if values.min() < 0 or values.max() > 5:
        return None
    return 0.25 if values.max() <= 1 else 1.0
