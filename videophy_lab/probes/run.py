"""Probe videos: plan a run, make what is missing, and give the table of all that was wanted."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.building import check_words
from videophy_lab.engine.processes import count_cores
from videophy_lab.probes.checks import check_out
from videophy_lab.probes.choosing import check_severities, choose_parts
from videophy_lab.probes.differences import CHANGED
from videophy_lab.probes.files import ProbeFolder
from videophy_lab.probes.labels import add_labels, keep_labels
from videophy_lab.probes.making import Prober, make_probes
from videophy_lab.probes.options import build_options
from videophy_lab.probes.plan import Plan, choose_askable, find_originals, make_plan, number_parts
from videophy_lab.probes.progress import show_progress
from videophy_lab.probes.table import make_table, write_table
from videophy_lab.probes.wording import Words, collect_words
from videophy_lab.schema.probes import REPEAT
from videophy_lab.video_store import FAILED

if TYPE_CHECKING:
    import pandas as pd

RETRY = (FAILED, CHANGED)
REPEATS = 2
LARGEST_SEED = 2**63


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes
    ----------
    plan : Plan
    words : Words
        Where other captions come from.
    rows : DataFrame
        The videos table of what was wanted: originals and probes, as far as they were made or failed.
    made : int
        Files that were made now.
    seconds : float
    folder : Path
    """

    plan: Plan
    words: Words
    rows: pd.DataFrame
    made: int
    seconds: float
    folder: Path


def probe(
    videos: str | Path | pd.DataFrame,
    probes: str | Sequence[str],
    *,
    out: str | Path,
    severities: Sequence[float] | None = None,
    seed: int = 0,
    prompts: str | Path | pd.DataFrame | None = None,
    captions: str | Path | None = None,
    repeats: int | None = None,
    paraphrases: int | None = None,
    options: Mapping[str, Any] | None = None,
    labels: str | Path | None = None,
    retry: Collection[str] = (),
    workers: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Make probes of videos; what the folder already holds is not made again.

    All go through one encoder, with the settings of ``reencode``, the null edit, which is always among them.
    Each frame is compressed by itself and with the same quantiser. Probes that put frames into another order,
    repeat or drop them (kind ``time``) so show the very pictures of ``reencode``, bit for bit; in the others,
    pictures are compressed after the edit, as strongly as those of ``reencode``. Compare each with that.

    Parameters
    ----------
    videos : path or DataFrame
        A videos table, its path, or a folder of video files.
    probes : name or sequence of names
        Names of ``videophy-lab list probes``; ``"blur-050"`` is one severity, ``"time"`` a kind, ``"all"``
        everything but paraphrases.
    out : path
        Folder. Files are ``probe/generator/prompt_id/seed.mp4`` in it, each with a side-car ``.json``;
        ``videos.csv`` lists originals and probes. :func:`videophy_lab.score` takes the folder.
    severities : sequence of float, optional
        In (0, 1], whole per cent, for the probes that have them.
    seed : int
        Of what is drawn: orders, noise, swapped captions. Each video has draws of its own.
    prompts : path or DataFrame, optional
        Captions for videos whose table has none, joined by ``prompt_id``.
    captions : path, optional
        CSV of ``prompt_id, paraphrase`` for ``caption_paraphrase``.
    repeats : int, optional
        How often ``repeat`` asks again; twice when not given.
    paraphrases : int, optional
        Paraphrases of each caption: all of the table, or one of the language model, when not given.
    options : mapping, optional
        Options of :class:`videophy_lab.probes.settings.ProbeOptions`, such as ``{"qp": 20}``, and of the
        language model, such as ``{"paraphraser.model": "…"}``.
    labels : path, optional
        Labels of reversibility, which the rows of the videos and of their probes then have: CSV with
        ``video_id``, ``path`` or ``action``, and ``reversibility``, such as ``videophy-lab reversal`` writes.
        What the folder has of an earlier run is kept where they say nothing, or are not given.
    retry : collection of {"failed", "changed"}
        Make again what failed, or the probes of videos whose files changed after they were probed; of those,
        the probes that are not named now are removed.
    workers : int, optional
        Processes; as many as cores.
    progress : bool
        Show a progress bar on stderr.

    Returns
    -------
    DataFrame
        A videos table with ``probe`` (blank for the originals), ``severity``, ``status`` (``ok``,
        ``failed``), ``error`` and ``path`` (blank for a probe that failed); with `labels`,
        ``reversibility`` and ``reversibility_origin``.

    Raises
    ------
    ValueError
        An unknown probe or option, naming the close ones; nothing to probe; the folder holds probes that were
        made with other settings or of other files, or the videos themselves.
    OSError
        The folder cannot be written to, or the language model can be asked no more. What was made is kept,
        and the same call goes on from there.
    """
    outcome = probe_videos(
        videos, probes, out=out, severities=severities, seed=seed, prompts=prompts, captions=captions,
        repeats=repeats, paraphrases=paraphrases, options=options, labels=labels, retry=retry,
        workers=workers, progress=progress,
    )  # fmt: skip
    for note in outcome.plan.notes:
        warnings.warn(note, stacklevel=2)
    return outcome.rows


def probe_videos(
    videos: str | Path | pd.DataFrame,
    probes: str | Sequence[str],
    *,
    out: str | Path,
    severities: Sequence[float] | None = None,
    seed: int = 0,
    prompts: str | Path | pd.DataFrame | None = None,
    captions: str | Path | None = None,
    repeats: int | None = None,
    paraphrases: int | None = None,
    options: Mapping[str, Any] | None = None,
    labels: str | Path | None = None,
    retry: Collection[str] = (),
    workers: int | None = None,
    progress: bool = True,
    dry_run: bool = False,
) -> Outcome:
    """Do what :func:`probe` does and tell more of it; with `dry_run`, only plan it."""
    started = time.perf_counter()
    check_words("retry", retry, RETRY)
    check_counts(seed=seed, repeats=repeats, paraphrases=paraphrases, workers=workers)
    check_out(out, videos)
    chosen, model = build_options(options or {})
    named = [probes] if isinstance(probes, str) else list(probes)
    parts = choose_parts([*named, REPEAT] if repeats else named, severities)
    check_severities(named, severities)
    table = find_originals(videos, prompts)
    words = collect_words(table, parts, seed=seed, captions=captions, model=model, count=paraphrases)
    parts, notes = choose_askable(table, parts, named)
    if labels is not None:
        table, note = add_labels(table, labels)
        notes.append(note)
    table, note = keep_labels(table, out, given=labels is not None)
    notes += [note] if note else []
    numbered = number_parts(parts, repeats=repeats or REPEATS, paraphrases=words.count)
    prober = Prober(ProbeFolder(out), chosen, seed)
    plan = make_plan(table, numbered, prober, retry=retry, notes=notes)
    rows = table.iloc[:0]
    if not dry_run:
        rows = carry_out(plan, words, workers=workers or count_cores(), progress=progress)
    return Outcome(plan, words, rows, plan.n_missing, time.perf_counter() - started, prober.folder.folder)


def carry_out(plan: Plan, words: Words, *, workers: int, progress: bool) -> pd.DataFrame:
    """Find the other captions, make the files that are missing, and write the table."""
    folder = plan.prober.folder
    others = words.find(plan.videos, plan.parts)
    folder.sweep()
    for source in plan.changed:
        folder.remove_stale(source)
    try:
        with show_progress(plan.n_missing, shown=progress) as report:
            make_probes(plan.jobs, plan.prober, workers=workers, report=report)
    finally:
        # also of what an interrupted run has made
        rows = make_table(plan, others)
        if len(rows):
            write_table(rows, folder.folder)
    return rows


def check_counts(*, seed: int, **counts: int | None) -> None:
    """Check that numbers are whole and in their range."""
    if not (isinstance(seed, int) and 0 <= seed < LARGEST_SEED):
        raise ValueError(f"seed is {seed!r}; allowed: a whole number from 0.")
    for name, count in counts.items():
        if count is not None and not (isinstance(count, int) and count >= 1):
            raise ValueError(f"{name} is {count!r}; allowed: 1 or more.")
