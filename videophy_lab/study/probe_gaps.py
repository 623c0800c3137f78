"""What keeps scores and videos from being compared, counted and said in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from videophy_lab.schema.probes import NULL
from videophy_lab.study.probe_controls import (
    ASKED,
    COMPARABLE,
    NO_CONTROL,
    NO_VIDEO,
    NOT_ASKED,
    find_controls,
    find_failed,
    find_unreadable,
    name_rows,
)
from videophy_lab.study.words import hint_close, join_words, say_count, say_probe


def say_strays(scores: pd.DataFrame, videos: pd.DataFrame) -> list[str]:
    """Say how many rows of the scores belong to no row of the videos, and what was perhaps meant.

    Parameters
    ----------
    scores, videos : DataFrame
        Tables with ``probe``; rules do not count, nor do originals that the videos table does not list beside
        their edits.

    Returns
    -------
    list of str
        One sentence an unknown probe, one about unknown videos, one about edits that exist, but not of that
        video. Empty where every row belongs to a video.
    """
    rows = name_rows(scores[scores["task"].ne("rule")])
    ids, probes = rows.get_level_values(0), rows.get_level_values(1)
    given = name_rows(videos)
    known_ids, known = (sorted(set(given.get_level_values(level)) - {""}) for level in (0, 1))
    said = []
    strange = probes[~probes.isin(["", *known])]
    for name, count in strange.value_counts(sort=False).sort_index().items():
        said.append(
            f"{_say_rows(count)} left out: no video has the probe {name!r}{hint_close(str(name), known)}."
        )
    unknown = ids[~ids.isin(known_ids)]
    if len(unknown):
        names = sorted(set(unknown))
        more = f" and {len(names) - 1:,} more" if len(names) > 1 else ""
        said.append(
            f"{_say_rows(len(unknown))} left out: the videos table has no "
            f"{names[0]!r}{hint_close(names[0], known_ids)}{more}."
        )
    elsewhere = probes.isin(known) & ids.isin(known_ids) & ~rows.isin(given)
    if elsewhere.any():
        first = rows[elsewhere][0]
        said.append(
            f"{_say_rows(int(elsewhere.sum()))} left out: their video has no such edit in the videos table, "
            f"first {first[0]} under {first[1]}."
        )
    return said


def _say_rows(count: int) -> str:
    """Say how many rows of the scores are left out."""
    return f"{say_count(int(count), 'row')} of the scores {'is' if count == 1 else 'are'}"


def say_no_videos(videos: pd.DataFrame) -> list[str]:
    """Say which videos could not be read, which edits could not be made, and which edits changed nothing."""
    failed, every = find_failed(videos), set(videos["video_id"])
    unreadable = find_unreadable(failed)
    said = []
    if unreadable:
        said.append(f"{len(unreadable):,} of {say_count(len(every), 'video')} cannot be read: left out.")
    probed = find_controls(videos)
    readable = probed[~probed["video_id"].isin(unreadable)]
    parts = _count_by_probe(readable, readable["no_video"])
    if parts:
        said.append(f"Could not be made, and left out: {parts}.")
    parts = _count_by_probe(readable, readable["unchanged"] & ~readable["no_video"])
    if parts:
        said.append(
            "Left unchanged by the edit (the file is the same to the byte, as of a clip of one frame), and "
            f"left out: {parts}."
        )
    return said


def _count_by_probe(rows: pd.DataFrame, told: pd.Series) -> str:
    """Count rows by probe, for example ``2 of 12 freeze videos and 1 of 12 loop videos``; empty for none."""
    counts = told.groupby(rows["probe"]).agg(["sum", "size"])
    return join_words(
        f"{row['sum']:,} of {row['size']:,} {say_probe(str(probe))} video{'' if row['size'] == 1 else 's'}"
        for probe, row in counts[counts["sum"].gt(0)].iterrows()
    )


def say_not_asked(pairs: pd.DataFrame, names: Mapping[str, str], judges: Iterable[str]) -> list[str]:
    """Say for every scorer which probed videos, and which controls, the scores have no row of.

    Parameters
    ----------
    pairs : DataFrame
        From :func:`videophy_lab.study.pair_with_null`.
    names : mapping of scorer to name for readers
    judges : iterable of str
        The scorers that answer a question; metrics need not be asked another time or in other words.
    """
    said, asking = [], set(judges)
    for scorer, part in pairs[pairs["pair_status"].ne(NO_VIDEO)].groupby("scorer", sort=True):
        name = names.get(str(scorer), str(scorer))
        wanted = part if scorer in asking else part[~part["edit"].isin(ASKED)]
        counted = _count_by_probe(wanted, wanted["pair_status"].eq(NOT_ASKED))
        if counted and part["pair_status"].eq(NOT_ASKED).all():
            said.append(f"{name} was not asked about any edited video: the scores have no row of one.")
        elif counted:
            said.append(f"{name} was not asked about {counted}: the scores have no row of them.")
        said += [f"{name}: {sentence}" for sentence in _say_controls(part)]
    return said


def _say_controls(part: pd.DataFrame) -> list[str]:
    """Say for one scorer what cannot be compared because the control is missing or was not scored."""
    lacking, edited = part["pair_status"].eq(NO_CONTROL), part["probe"].ne(NULL)
    said = []
    if (lacking & edited).any():
        said = [
            f"the control ({NULL}) of {_count_by_probe(part, lacking & edited)} was not scored, so they are "
            "left out."
        ]
        if not (part["pair_status"].isin(COMPARABLE) & edited).any():
            said = [
                "nothing can be compared, because no control was scored. Each edited video is compared with "
                f"its {NULL}: score the folder that videophy-lab probe wrote, {NULL} included."
            ]
    n_originals = int((lacking & ~edited).sum())
    if n_originals:
        said.append(
            f"the scores have no row of {n_originals:,} of {say_count(int((~edited).sum()), 'original')}, so "
            "what re-encoding does to them is not known."
        )
    return said


def say_strange_labels(labels: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """Say which labels belong to nothing that is shown."""
    names = sorted(set(known))
    return [
        f"The parameter labels names {name!r}, which is no scorer, probe or generator here"
        f"{hint_close(name, names)}."
        for name in labels
        if name not in names
    ]
