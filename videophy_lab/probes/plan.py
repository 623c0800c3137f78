"""Plan a run: which probes of which videos are wanted, and which of them have to be made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.probes.captions import fold_text
from videophy_lab.probes.catalog import PROBES
from videophy_lab.probes.checks import check_places
from videophy_lab.probes.choosing import Part
from videophy_lab.probes.differences import Difference, describe_differences, find_difference, is_missing
from videophy_lab.probes.files import Source
from videophy_lab.probes.making import ProbeJob, Prober
from videophy_lab.schema import TableError
from videophy_lab.schema.probes import CAPTION_PARAPHRASE, CAPTION_PROBES, CAPTION_SWAP, REPEAT
from videophy_lab.scoring.inputs import find_videos

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Plan:
    """What a run is to do.

    Attributes
    ----------
    videos : DataFrame
        The originals.
    parts : tuple of Part
        Every probe that is wanted of each video.
    jobs : tuple of ProbeJob
        What has to be made.
    changed : tuple of Source
        Videos that changed after they were probed, and whose probes are made again.
    prober : Prober
    notes : tuple of str
        What the user should know.
    """

    videos: pd.DataFrame
    parts: tuple[Part, ...]
    jobs: tuple[ProbeJob, ...]
    changed: tuple[Source, ...]
    prober: Prober
    notes: tuple[str, ...]

    @property
    def edits(self) -> list[Part]:
        """Give the probes that have files of their own."""
        return [part for part in self.parts if PROBES[part.probe].edit is not None]

    @property
    def sources(self) -> list[Source]:
        """Give the videos."""
        return list_sources(self.videos)

    @property
    def n_wanted(self) -> int:
        """Count the files that are wanted."""
        return len(self.edits) * len(self.videos)

    @property
    def n_missing(self) -> int:
        """Count the files that have to be made."""
        return sum(len(job.parts) for job in self.jobs)


def find_originals(
    videos: str | Path | pd.DataFrame, prompts: str | Path | pd.DataFrame | None = None
) -> pd.DataFrame:
    """Load the videos to probe; see :func:`videophy_lab.scoring.inputs.find_videos`.

    A column ``severity`` that is the videos' own (of the violations of the simulated world) is called
    ``violation_severity``: in a table of probes, ``severity`` is the probe's.

    Raises
    ------
    TableError
        Some are probes already.
    """
    table = find_videos(videos, prompts)
    probed = table["probe"].ne("")
    if probed.any():
        first = table[probed].iloc[0]
        raise TableError(
            f"{int(probed.sum())} of the videos are probes already (the first is {first['probe']} of "
            f"{first['video_id']}). Remedy: give the originals."
        )
    if "severity" in table.columns and table["severity"].notna().any():
        return table.rename(columns={"severity": "violation_severity"})
    return table


def number_parts(parts: Sequence[Part], *, repeats: int, paraphrases: int) -> tuple[Part, ...]:
    """Put as many in the place of ``repeat`` and ``caption_paraphrase`` as are wanted."""
    counts = {REPEAT: repeats, CAPTION_PARAPHRASE: paraphrases}
    return tuple(
        numbered
        for part in parts
        for numbered in (
            [Part(part.probe, number=number + 1) for number in range(counts[part.probe])]
            if part.probe in counts
            else [part]
        )
    )


def make_plan(
    videos: pd.DataFrame,
    parts: Sequence[Part],
    prober: Prober,
    *,
    retry: Collection[str] = (),
    notes: Sequence[str] = (),
) -> Plan:
    """Plan which files have to be made.

    Parameters
    ----------
    videos : DataFrame
        From :func:`find_originals`.
    parts : sequence of Part
        Numbered.
    prober : Prober
    retry : collection of {"failed", "changed"}
        Make again what failed, or the probes of videos that changed after they were probed.
    notes : sequence of str
        What the user should know already.

    Raises
    ------
    ValueError
        The folder holds a probe that was made with other settings or of another file.
    """
    edits = [part for part in parts if PROBES[part.probe].edit is not None]
    sources = list_sources(videos)
    check_places(prober.folder, sources, edits)
    jobs, changed, refused = [], [], list[Difference]()
    for source in sources:
        missing = []
        for part in edits:
            record = prober.folder.read_record(part, source)
            found = None if record is None else find_difference(part, source, prober, record)
            if is_missing(record, found, retry):
                missing.append(part)
                changed += [source] if found and found.is_of_another_file else []
            elif found and found.changes:
                refused.append(found)
        if missing:
            jobs.append(ProbeJob(source, tuple(missing)))
    if refused:
        raise ValueError(describe_differences(refused, prober))
    return Plan(videos, tuple(parts), tuple(jobs), tuple(dict.fromkeys(changed)), prober, tuple(notes))


def choose_askable(
    videos: pd.DataFrame, parts: Sequence[Part], named: Collection[str]
) -> tuple[list[Part], list[str]]:
    """Leave out the probes of captions where there are none for them, unless they were named.

    Parameters
    ----------
    videos : DataFrame
        From :func:`find_originals`.
    parts : sequence of Part
    named : collection of str
        What the user named: probes, kinds, ``"all"``.

    Returns
    -------
    parts : list of Part
    notes : list of str

    Raises
    ------
    TableError
        A probe that was named needs captions and no video has one.
    """
    asking = {part.probe for part in parts} & set(CAPTION_PROBES)
    captions = videos["caption"]
    if not asking:
        return list(parts), []
    if captions.eq("").all() and asking & set(named):
        raise TableError(
            f"{' and '.join(sorted(asking))} need{'s' if len(asking) == 1 else ''} captions and no video has "
            "one. Remedy: give them by --prompts, or leave those probes out."
        )
    different = captions[captions.ne("")].map(fold_text).nunique()
    if different < 2 and CAPTION_SWAP in asking - set(named):
        why = (
            "no video has a caption (--prompts gives them)" if not different else "there is only one caption"
        )
        return [part for part in parts if part.probe != CAPTION_SWAP], [f"{CAPTION_SWAP} is left out: {why}"]
    without = int(captions.eq("").sum())
    return list(parts), [f"{without} videos have no caption, and no probe of it"] if without else []


def list_sources(videos: pd.DataFrame) -> list[Source]:
    """List the videos of a table as sources."""
    columns = ["video_id", "prompt_id", "generator", "seed", "path", "sha256"]
    cells = videos.reindex(columns=columns).astype(object)
    rows = cells.where(cells.notna(), None).to_numpy().tolist()
    return [
        Source(video_id, prompt_id, generator, None if seed is None else int(seed), Path(path), sha256)
        for video_id, prompt_id, generator, seed, path, sha256 in rows
    ]
