"""What is to be made: probes by name, with their severities and numbers."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from videophy_lab.probes.catalog import KINDS, PROBES, Probe
from videophy_lab.schema.probes import CAPTION_PARAPHRASE, NULL

ALL = "all"


@dataclass(frozen=True, order=True)
class Part:
    """A probe with its severity, or a number of a probe of the question: what a row of the table is about.

    Attributes
    ----------
    probe : str
        A name of :data:`PROBES`.
    severity : float
        0 where the probe has none.
    number : int
        1, 2, … of ``repeat`` and ``caption_paraphrase``; else 0.
    """

    probe: str
    severity: float = 0.0
    number: int = 0

    @property
    def name(self) -> str:
        """Give what stands in the column ``probe``."""
        if self.severity:
            return f"{self.probe}-{round(100 * self.severity):03}"
        return f"{self.probe}_{self.number}" if self.number else self.probe


def choose_parts(names: Sequence[str], severities: Sequence[float] | None = None) -> list[Part]:
    """Choose what is to be made, in the order of the catalog, the null edit always among it.

    Parameters
    ----------
    names : sequence of str
        Probes (``"blur"``), those of one severity (``"blur-050"``), kinds (``"time"``), or ``"all"``, which
        leaves out the probe that needs other texts.
    severities : sequence of float, optional
        In (0, 1], in whole per cent, for the probes that have severities; their own when not given.

    Returns
    -------
    list of Part
        A ``repeat`` or ``caption_paraphrase`` without a number stands for as many as are wanted.

    Raises
    ------
    ValueError
        An unknown name, with the close ones; a severity that is not allowed.
    """
    if isinstance(names, str):
        names = [names]
    if not names:
        raise ValueError("no probe is named; videophy-lab list probes shows them")
    wanted = {Part(NULL)}
    for name in names:
        wanted |= find_parts(name, severities)
    order = {name: place for place, name in enumerate(PROBES)}
    return sorted(wanted, key=lambda part: (order[part.probe], part.severity, part.number))


def find_parts(name: str, severities: Sequence[float] | None) -> set[Part]:
    """Find what one name stands for."""
    if name in (ALL, *KINDS):
        chosen = [probe for probe in PROBES.values() if name in (ALL, probe.kind)]
        return {
            part
            for probe in chosen
            if probe.name != CAPTION_PARAPHRASE
            for part in grade_probe(probe, severities)
        }
    base, _, grade = name.rpartition("-")
    if base in PROBES and PROBES[base].severities and re.fullmatch(r"\d{3}", grade):
        return {Part(base, check_severity(int(grade) / 100))}
    if name not in PROBES:
        known = [*PROBES, *KINDS, ALL]
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}? " if close else ""
        raise ValueError(
            f"there is no probe {name!r}. {hint}Allowed: {', '.join(PROBES)}; all, or a kind of them "
            f"({', '.join(KINDS)}); one severity of a probe that has them, such as blur-050."
        )
    return grade_probe(PROBES[name], severities)


def check_severities(names: Sequence[str], severities: Sequence[float] | None) -> None:
    """Check that there is a probe that severities are for.

    Raises
    ------
    ValueError
        None of the probes has severities, or those that have were named with one.
    """
    # what depends on the severities comes out otherwise with others
    if severities is None or any(find_parts(name, [0.01]) != find_parts(name, [0.02]) for name in names):
        return
    graded = ", ".join(probe.name for probe in PROBES.values() if probe.severities)
    raise ValueError(
        f"severities are given, and no probe named takes them: {', '.join(names)}. Remedy: leave --severity "
        f"out, or name a probe that has severities ({graded})."
    )


def grade_probe(probe: Probe, severities: Sequence[float] | None) -> set[Part]:
    """Give a probe its severities."""
    if not probe.severities:
        return {Part(probe.name)}
    grades = probe.severities if severities is None else severities
    return {Part(probe.name, check_severity(grade)) for grade in grades}


def check_severity(severity: float) -> float:
    """Check that a severity is a whole per cent, more than 0 and at most 1."""
    percent = round(100 * severity) if math.isfinite(severity) else 0
    if not (1 <= percent <= 100 and abs(100 * severity - percent) < 1e-6):
        raise ValueError(
            f"the severity {severity:g} is not allowed; allowed: 0.01 to 1 in steps of 0.01, such as 0.25"
        )
    return percent / 100
