"""Whether a probe that is there is the one that is wanted, and what to say and type where it is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from videophy_lab.probes.choosing import Part
from videophy_lab.probes.files import Source
from videophy_lab.probes.making import Prober
from videophy_lab.probes.settings import COMMON
from videophy_lab.video_store import FAILED

CHANGED = "changed"
FILE = "file"
SHOWN = 5


@dataclass(frozen=True)
class Difference:
    """A probe that was made otherwise than is wanted now.

    Attributes
    ----------
    part : Part
    source : Source
    changes : mapping of name to (then, now)
        ``file`` is the hash of the video that was probed.
    """

    part: Part
    source: Source
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def is_of_another_file(self) -> bool:
        """Tell whether the video itself has changed since."""
        return FILE in self.changes


def find_difference(part: Part, source: Source, prober: Prober, record: Mapping[str, Any]) -> Difference:
    """Compare what a side-car says with what is wanted now; without changes, they are the same."""
    then = {**record["settings"], FILE: record["source_sha256"], "video": record["video_id"]}
    now = {**prober.describe(part), FILE: source.sha256, "video": source.video_id}
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return Difference(part, source, {name: (then.get(name), now.get(name)) for name in names})


def is_missing(record: Mapping[str, Any] | None, found: Difference | None, retry: Collection[str]) -> bool:
    """Tell whether a probe has to be made, or made again."""
    if record is None or found is None:
        return True
    if record["status"] == FAILED:
        return FAILED in retry or bool(found.changes)
    return found.is_of_another_file and CHANGED in retry


def describe_differences(differences: Sequence[Difference], prober: Prober) -> str:
    """Say what differs between the probes that are there and those that are wanted, and what to type."""
    of_others = [difference for difference in differences if difference.is_of_another_file]
    return describe_files(of_others, prober) if of_others else describe_settings(differences, prober)


def describe_files(differences: Sequence[Difference], prober: Prober) -> str:
    """Name the videos that changed after they were probed, each with the probes that are of the old file."""
    probes: dict[Source, list[str]] = {}
    for difference in differences:
        probes.setdefault(difference.source, []).append(difference.part.name)
    named = [
        f"{source.path}{'' if source.sha256 else ', which cannot be read now'} ({', '.join(names)})"
        for source, names in probes.items()
    ]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return (
        f"{len(named)} of the videos changed after they were probed into {prober.folder.folder}: "
        f"{'; '.join(named[:SHOWN])}{more}. Remedy: --retry {CHANGED} makes the probes of these videos again "
        "and removes the other probes of the old files; or give another --out."
    )


def describe_settings(differences: Sequence[Difference], prober: Prober) -> str:
    """Name the settings that differ, and the folders that were made with the others."""
    first, folder = differences[0], prober.folder.folder
    changes = ", ".join(
        f"{name} {'none' if then is None else then} there, {'none' if now is None else now} now"
        for name, (then, now) in list(first.changes.items())[:3]
    )
    if {name for difference in differences for name in difference.changes} & {*COMMON}:
        # what is compared with one another must be encoded alike
        places = f"{folder} with all probes in it"
    else:
        names = dict.fromkeys(difference.part.name for difference in differences)
        places = " and ".join(str(folder / name) for name in names)
    return (
        f"{folder} holds probes that were made otherwise ({changes}; the first is {first.part.name} of "
        f"{first.source.video_id}). Remedy: give another --out, or delete {places}."
    )
