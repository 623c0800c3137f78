"""Plan a run: which probes of which videos are wanted, and which of them have to be made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.probes.catalog import NULL, PARAPHRASE, PROBES, REPEAT, SWAP
from videophy_lab.probes.choosing import Part
from videophy_lab.probes.files import ProbeFolder, Source
from videophy_lab.probes.making import ProbeJob, Prober
from videophy_lab.schema import TableError
from videophy_lab.scoring.inputs import find_videos
from videophy_lab.video_store import FAILED

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
    prober : Prober
    notes : tuple of str
        What the user should know.
    """

    videos: pd.DataFrame
    parts: tuple[Part, ...]
    jobs: tuple[ProbeJob, ...]
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
    counts = {REPEAT: repeats, PARAPHRASE: paraphrases}
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
    videos: pd.DataFrame, parts: Sequence[Part], prober: Prober, *, retry: Collection[str] = ()
) -> Plan:
    """Plan which files have to be made.

    Parameters
    ----------
    videos : DataFrame
        From :func:`find_originals`.
    parts : sequence of Part
        Numbered.
    prober : Prober
    retry : collection of {"failed"}
        Make those again.

    Raises
    ------
    ValueError
        The folder holds a probe that was made with other settings or of another file; or nothing that the
        probes named are about is there.
    """
    notes: list[str] = []
    captions = videos["caption"].ne("")
    asking = {part.probe for part in parts} & {SWAP, PARAPHRASE}
    if asking and not captions.any():
        raise TableError(
            f"{' and '.join(sorted(asking))} need captions and no video has one. Remedy: give them by "
            "--prompts, or leave those probes out."
        )
    if asking and not captions.all():
        notes.append(f"{int((~captions).sum())} videos have no caption, and no probe of it")
    edits = [part for part in parts if PROBES[part.probe].edit is not None]
    check_places(prober.folder, list_sources(videos))
    jobs = []
    for source in list_sources(videos):
        missing = tuple(part for part in edits if is_missing(part, source, prober, retry))
        if missing:
            jobs.append(ProbeJob(source, missing))
    return Plan(videos, tuple(parts), tuple(jobs), prober, tuple(notes))


def list_sources(videos: pd.DataFrame) -> list[Source]:
    """List the videos of a table as sources."""
    columns = ["video_id", "prompt_id", "generator", "seed", "path", "sha256"]
    cells = videos.reindex(columns=columns).astype(object)
    rows = cells.where(cells.notna(), None).to_numpy().tolist()
    return [
        Source(video_id, prompt_id, generator, None if seed is None else int(seed), Path(path), sha256)
        for video_id, prompt_id, generator, seed, path, sha256 in rows
    ]


def check_places(folder: ProbeFolder, sources: Sequence[Source]) -> None:
    """Check that no two videos would be written to one file."""
    seen: dict[str, Source] = {}
    for source in sources:
        other = seen.setdefault(str(source.place).casefold(), source)
        if other is not source:
            raise TableError(
                f"the probes of {other.video_id} and of {source.video_id} would both be written to "
                f"{folder.find_video(Part(NULL), source)}. Remedy: give them names that differ by more than "
                "case."
            )


def is_missing(part: Part, source: Source, prober: Prober, retry: Collection[str]) -> bool:
    """Tell whether a probe has to be made.

    Raises
    ------
    ValueError
        It was made with other settings, or of another file.
    """
    record = prober.folder.read_record(part, source)
    if record is None:
        return True
    then = {**record["settings"], "file": record["source_sha256"], "video": record["video_id"]}
    now = {**prober.describe(part), "file": source.sha256, "video": source.video_id}
    if record["status"] == FAILED:
        return FAILED in retry or then != now
    other = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if other:
        raise ValueError(describe_difference(part, source, prober.folder, then, now, other))
    return False


def describe_difference(
    part: Part, source: Source, folder: ProbeFolder, then: Mapping[str, Any], now: Mapping[str, Any],
    other: Sequence[str],
) -> str:  # fmt: skip
    """Say what differs between a probe that is there and the one that is wanted."""
    changes = ", ".join(f"{name} {then.get(name)} there, {now.get(name)} now" for name in other[:3])
    return (
        f"{folder.folder} holds probes that were made otherwise ({changes}; the first is {part.name} of "
        f"{source.video_id}). Remedy: give another --out, or delete {folder.folder / part.name}"
    )
