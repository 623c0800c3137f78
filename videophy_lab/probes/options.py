"""Make the options of a run from what the user named."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from videophy_lab.building import build_item, list_fields
from videophy_lab.probes.paraphrase import Paraphraser
from videophy_lab.probes.settings import ProbeOptions

PREFIX = "paraphraser"


def build_options(options: Mapping[str, Any]) -> tuple[ProbeOptions, Paraphraser | None]:
    """Make the options of probes, and the paraphraser where one is named.

    Parameters
    ----------
    options : mapping
        ``{"qp": 20, "neutral": "…"}`` for probes, ``{"paraphraser.model": "…"}`` for the language model.

    Raises
    ------
    ValueError
        An unknown option, naming the close ones, or one that is not of its kind.
    """
    own, models = list_fields(ProbeOptions), list_fields(Paraphraser)
    known = [*own, *(f"{PREFIX}.{name}" for name in models)]
    for name in options:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
            hint = f"Did you mean {' or '.join(close)}? " if close else ""
            raise ValueError(f"probes have no option {name!r}. {hint}Allowed: {', '.join(known)}.")
    chosen = {name: value for name, value in options.items() if name in own}
    told = {name.removeprefix(f"{PREFIX}."): value for name, value in options.items() if name not in own}
    if told and "model" not in told:
        raise ValueError(f"the paraphraser needs a model. Remedy: -o {PREFIX}.model=NAME.")
    probes: ProbeOptions = build_item("probes", ProbeOptions, chosen)
    return probes, build_item(PREFIX, Paraphraser, told) if told else None
