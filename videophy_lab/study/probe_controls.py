"""What every probed video is compared with, its control, and what keeps it from being compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from videophy_lab.schema.probes import CAPTION_PROBES, NULL, REPEAT
from videophy_lab.schema.reversibility import EQUIVARIANT, INVARIANT, IRREVERSIBLE, read_reversibility

OK, NO_CONTROL, NOT_ASKED = "ok", "no control", "not asked"
# the control has no usable score, or the probed video, or neither
UNSCORED = ("control unscored", "probe unscored", "both unscored")
# neither says anything of a scorer: there is no such video, or the edit gave the very file of its control
NO_VIDEO, UNCHANGED = "no video", "unchanged"
# pairs that a scorer could have compared
COMPARABLE = (OK, *UNSCORED)
FAILED = "failed"
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
        same file; NA where the table has no such row. ``no_video``: as of :func:`find_failed`; ``unchanged``:
        an edit of the file gave the very file of the control, known by its ``sha256``.

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
    failed = find_failed(rows)
    probed["no_video"] = [pair in failed for pair in zip(probed["video_id"], probed["probe"], strict=True)]
    probed["unchanged"] = find_unchanged(probed, rows)
    return probed


def name_rows(table: pd.DataFrame) -> pd.MultiIndex:
    """Name the rows of a table of videos or scores by ``video_id`` and ``probe``, blank for an original."""
    probe = table["probe"].fillna("") if "probe" in table.columns else pd.Series("", table.index)
    return pd.MultiIndex.from_arrays([table["video_id"].astype(str), probe.astype(str)])


def find_failed(videos: pd.DataFrame) -> set[tuple[str, str]]:
    """Find the videos that could not be read or made, by ``video_id`` and ``probe``.

    Returns
    -------
    set of (str, str)
        Rows whose ``status`` is ``failed``, and every row of a video whose original or re-encoded version
        is: its edits have nothing to be compared with. None where the table has no ``status``.
    """
    if "status" not in videos.columns:
        return set()
    names, wrong = name_rows(videos), videos["status"].fillna("").eq(FAILED).to_numpy(dtype=bool)
    unreadable = find_unreadable(names[wrong])
    return {name for name, bad in zip(names, wrong, strict=True) if bad or name[0] in unreadable}


def find_unreadable(failed: Iterable[tuple[str, str]]) -> set[str]:
    """Find the videos whose original or re-encoded version is among those that failed."""
    return {video_id for video_id, probe in failed if probe in ("", NULL)}


def find_unchanged(probed: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Find the edits of files that gave the very file of their control; False where a hash is not known."""
    if "sha256" not in rows.columns:
        return pd.Series(False, probed.index)
    hashes = rows["sha256"].fillna("").astype(str)
    known = dict(zip(zip(rows["video_id"], rows["probe"], strict=True), hashes, strict=True))
    controls = zip(probed["video_id"], probed["control"], strict=True)
    of_control = pd.Series([known.get(pair, "") for pair in controls], probed.index, dtype=object)
    own = probed["sha256"].fillna("").astype(str)
    return own.ne("") & own.eq(of_control) & ~probed["edit"].isin(ASKED)


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


def count_probes(videos: pd.DataFrame, pairs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Count what there is to be compared, by probe.

    Parameters
    ----------
    videos : DataFrame
        A videos table with ``probe``.
    pairs : DataFrame, optional
        From :func:`videophy_lab.study.pair_with_null`: a control that nobody scored is then none.

    Returns
    -------
    DataFrame
        ``probe, n_videos, n_irreversible, n_reversible, n_not_known, n_prompts, n_no_control, n_no_video``
        (could not be read or made) and ``n_unchanged`` (of the others, those whose file the edit left as it
        was).
    """
    rows = []
    lacking = set() if pairs is None else find_unscored_controls(pairs)
    for probe, part in find_controls(videos).groupby("probe", sort=True):
        counts = part["class"].value_counts()
        unscored = np.array([(video_id, probe) in lacking for video_id in part["video_id"]])
        rows.append(
            {"probe": probe, "n_videos": len(part)}
            | {f"n_{name.replace(' ', '_')}": int(counts.get(name, 0)) for name in CLASSES}
            | {"n_prompts": part["prompt_id"].nunique()}
            | {"n_no_control": int((part["control"].isna() | unscored).sum())}
            | {"n_no_video": int(part["no_video"].sum())}
            | {"n_unchanged": int((part["unchanged"] & ~part["no_video"]).sum())}
        )
    return pd.DataFrame(rows)


def find_unscored_controls(pairs: pd.DataFrame) -> set[tuple[str, str]]:
    """Find the probed videos, by ``video_id`` and ``probe``, that have no control with any scorer."""
    asked = pairs[pairs["pair_status"].ne(NOT_ASKED)]
    every, other = (
        set(zip(rows["video_id"], rows["probe"], strict=True))
        for rows in (asked, asked[asked["pair_status"].ne(NO_CONTROL)])
    )
    return every - other
