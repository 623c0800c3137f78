"""Plan a run: which videos are wanted, which of them are there, and what the user should know of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from videophy_lab.engine.making import Task
from videophy_lab.generation.inputs import check_captions, make_orders
from videophy_lab.generators.base import Generator, Order
from videophy_lab.video_store import FAILED, MADE, VideoStore

if TYPE_CHECKING:
    import pandas as pd

VALUE_LENGTH = 40


@dataclass(frozen=True)
class Part:
    """What one generator is to make.

    Attributes
    ----------
    name : str
        That it goes by; also of a variant.
    generator : Generator
    wanted : tuple of Order
    missing : tuple of Order
        Those of them that have to be made.
    refused : mapping of reason to number
        Orders that do not concern it.
    """

    name: str
    generator: Generator
    wanted: tuple[Order, ...]
    missing: tuple[Order, ...]
    refused: Mapping[str, int]

    @property
    def task(self) -> Task:
        """Give what has to be made to the engine."""
        return Task(self.name, self.generator, self.missing)


@dataclass(frozen=True)
class Plan:
    """What a run is to do.

    Attributes
    ----------
    parts : tuple of Part
    notes : tuple of str
        What the user should know: what is fetched first, what a licence demands, what is not made and why.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...]

    @property
    def n_wanted(self) -> int:
        """Count the videos that are wanted."""
        return sum(len(part.wanted) for part in self.parts)

    @property
    def n_missing(self) -> int:
        """Count the videos that have to be made."""
        return sum(len(part.missing) for part in self.parts)

    @property
    def tasks(self) -> list[Task]:
        """Give what has to be made."""
        return [part.task for part in self.parts if part.missing]


def make_plan(
    prompts: pd.DataFrame,
    generators: Mapping[str, Generator],
    store: VideoStore,
    *,
    seeds: Sequence[int],
    retry: Collection[str] = (),
    fetch: bool = True,
) -> Plan:
    """Plan which videos have to be made.

    Parameters
    ----------
    prompts : DataFrame
    generators : mapping of name to Generator
    store : VideoStore
    seeds : sequence of int
    retry : collection of {"failed"}
        Make those again.
    fetch : bool
        Whether weights that are not here may be fetched; without them the settings of videos that are there
        cannot be compared.

    Raises
    ------
    ValueError
        The folder holds videos that a generator of that name made with other settings or of other texts.
    """
    check_captions(prompts, [name for name, generator in generators.items() if generator.needs_caption])
    named = {
        f"{name}{suffix}": variant
        for name, generator in generators.items()
        for suffix, variant in generator.list_variants().items()
    }
    parts = [
        plan_part(name, generator, make_orders(prompts, name, seeds), store, retry=retry, fetch=fetch)
        for name, generator in named.items()
    ]
    refused = sum((Counter(part.refused) for part in parts), Counter[str]())
    if not any(part.wanted for part in parts):
        reason = f": {refused.most_common(1)[0][0]}" if refused else ""
        raise ValueError(f"no prompt concerns {', '.join(generators)}{reason}")
    notes = [note for name, generator in generators.items() for note in list_notes(name, generator)]
    if refused:
        notes.append(
            f"{refused.total()} pairs of a prompt and a generator do not go together and are not made, for "
            f"example: {refused.most_common(1)[0][0]}"
        )
    return Plan(tuple(part for part in parts if part.wanted), tuple(notes))


def plan_part(
    name: str,
    generator: Generator,
    orders: Sequence[Order],
    store: VideoStore,
    *,
    retry: Collection[str],
    fetch: bool,
) -> Part:
    """Plan what one generator has to make."""
    refused: Counter[str] = Counter()
    wanted, missing = [], []
    known = fetch or not generator.find_absent()
    described = json.loads(json.dumps(dict(generator.describe()))) if known else None
    for order in orders:
        reason = generator.refuse(order)
        if reason:
            refused[reason] += 1
            continue
        wanted.append(order)
        record = store.read_record(name, order)
        if record is None or (record["status"] == FAILED and FAILED in retry):
            missing.append(order)
        elif record["status"] == MADE and described is not None:
            check_same(name, order, record, described, store)
    return Part(name, generator, tuple(wanted), tuple(missing), refused)


def check_same(
    name: str, order: Order, record: Mapping[str, Any], described: Mapping[str, Any], store: VideoStore
) -> None:
    """Check that a video was made with the settings and of the texts that are wanted now.

    Raises
    ------
    ValueError
        What differs is named.
    """
    then = {**record["description"], "caption": record["caption"], "upsampled": record["upsampled_caption"]}
    now = {**described, "caption": order.caption, "upsampled": order.upsampled}
    other = [key for key in {**then, **now} if then.get(key) != now.get(key)]
    if other:
        changes = ", ".join(
            f"{key} {shorten(then.get(key))} there, {shorten(now.get(key))} now" for key in other[:3]
        )
        raise ValueError(
            f"{store.folder} holds videos that {name} made otherwise ({changes}; the first is "
            f"{order.video_id}). Remedy: give another --out, another name such as --generator mine=NAME, "
            f"or delete {store.find_sidecar(name, order).parent.parent}"
        )


def shorten(value: Any) -> str:
    """Write a value in a few characters."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= VALUE_LENGTH else f"{text[:VALUE_LENGTH]}…"


def list_notes(name: str, generator: Generator) -> list[str]:
    """List what has to be fetched first, and what its licence demands."""
    absent = generator.find_absent()
    limits = generator.specs.limits
    return [f"{name} has to fetch {absent}", *([f"{name}: {limits}"] if limits else [])] if absent else []
