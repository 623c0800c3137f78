"""Which examples are trained on, and which are kept unseen: by prompt and by generator.

A prompt's place is a hash of the seed and its name, so that a prompt which is held out stays so when other
prompts come or go. Prompts that share a caption or a file are one: held out if any of them is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from videophy_lab.schema.groups import Groups
from videophy_lab.training.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

TRAIN, STOP = "train", "stop"
VAL_PROMPTS, VAL_GENERATORS, VAL_BOTH = "val_prompts", "val_generators", "val_both"
HELD_OUT = (VAL_PROMPTS, VAL_GENERATORS, VAL_BOTH)
# stop prompts of unseen generators: neither trained on nor reported
STOP_GENERATORS = "stop_generators"
SPLITS = (TRAIN, STOP, STOP_GENERATORS, *HELD_OUT)
SAME_FILE = "same_file"
SHARE_OF_GENERATORS, FEWEST_GENERATORS = 0.25, 3


def find_place(seed: int, kind: str, name: str) -> float:
    """Place a name between 0 and 1 by its hash."""
    digest = hashlib.sha256(f"{seed}\0{kind}\0{name}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def group_prompts(videos: pd.DataFrame) -> dict[str, str]:
    """Name the group of each prompt: prompts with one caption, or with a file in common, are one.

    Parameters
    ----------
    videos : DataFrame
        ``prompt_id, caption, sha256``; captions are compared without case and runs of blanks.

    Returns
    -------
    dict of prompt_id to prompt_id
        The group's name is its first prompt in order.
    """
    tied: Groups[tuple[str, str]] = Groups()
    rows = zip(videos["prompt_id"], videos["caption"], videos["sha256"], strict=True)
    for prompt, caption, sha256 in rows:
        links = [("caption", " ".join(str(caption).casefold().split())), ("file", sha256)]
        for link in [link for link in links if link[1]]:
            tied.tie(("prompt", prompt), link)
    groups: dict[tuple[str, str], list[str]] = {}
    for prompt in sorted(set(videos["prompt_id"])):
        groups.setdefault(tied.find(("prompt", prompt)), []).append(prompt)
    return {prompt: members[0] for members in groups.values() for prompt in members}


def place_groups(groups: dict[str, str], seed: int) -> dict[str, float]:
    """Place each group where the first of its prompts lies, so that a larger group stays held out."""
    places: dict[str, float] = {}
    for prompt, group in groups.items():
        places[group] = min(places.get(group, 1.0), find_place(seed, "prompt", prompt))
    return places


def choose_groups(places: dict[str, float], settings: Settings) -> tuple[set[str], set[str]]:
    """Choose the groups of prompts that are held out, and those that decide when training stops.

    Where chance leaves a share without any group, it gets the first one that is left; one group at least is
    left to train on.
    """
    left = sorted(places, key=lambda group: (places[group], group))
    chosen: list[set[str]] = []
    begin = 0.0
    for share in (settings.held_out_prompts, settings.stop_prompts):
        end = begin + share
        own = [group for group in left if places[group] < end] or (left[:1] if share else [])
        own = own[: max(0, len(left) - 1)]
        chosen.append(set(own))
        left = left[len(own) :]
        begin = end
    return chosen[0], chosen[1]


def choose_generators(generators: Iterable[str], settings: Settings) -> set[str]:
    """Choose the generators that are held out: those named, or a quarter of three or more by their hash.

    Raises
    ------
    ValueError
        A name that is none of them, or all of them named.
    """
    known = sorted(set(generators))
    named = settings.held_out_generators
    if named is None:
        count = round(SHARE_OF_GENERATORS * len(known)) if len(known) >= FEWEST_GENERATORS else 0
        count = max(count, int(len(known) >= FEWEST_GENERATORS))
        return set(sorted(known, key=lambda name: find_place(settings.seed, "generator", name))[:count])
    strangers = sorted(set(named) - set(known))
    if strangers or (known and set(named) >= set(known)):
        fault = f"there is no {strangers[0]!r}" if strangers else "all are named, so none is left to train on"
        raise ValueError(f"held_out_generators: {fault}. Allowed, and not all: {', '.join(known)}.")
    return set(named)


def choose_splits(examples: pd.DataFrame, settings: Settings) -> pd.Series:
    """Choose the split of each example.

    Parameters
    ----------
    examples : DataFrame
        ``prompt_id, generator, caption, sha256``.

    Returns
    -------
    Series of str
        ``train``; ``stop``, on which nothing but the end of training is decided; ``val_prompts``,
        ``val_generators`` and ``val_both``, which are not looked at: unseen prompts of generators that were
        seen, training's prompts of unseen generators, and neither seen. ``stop_generators`` are stop prompts
        of unseen generators, which are in no number; ``same_file`` are seen prompts and generators whose very
        file is kept unseen elsewhere.
    """
    import numpy as np
    import pandas as pd

    groups = group_prompts(examples)
    held_out, stop = choose_groups(place_groups(groups, settings.seed), settings)
    group = examples["prompt_id"].map(groups)
    new_prompt = group.isin(held_out)
    new_generator = examples["generator"].isin(choose_generators(examples["generator"], settings))
    stops = group.isin(stop)
    conditions = {
        VAL_BOTH: new_prompt & new_generator,
        VAL_PROMPTS: new_prompt,
        STOP_GENERATORS: stops & new_generator,
        VAL_GENERATORS: new_generator,
        STOP: stops,
    }
    chosen = np.select(
        [condition.to_numpy() for condition in conditions.values()], list(conditions), default=TRAIN
    )
    splits = pd.Series(chosen, index=examples.index, dtype=object, name="split")
    seen = splits.isin((TRAIN, STOP))
    unseen = set(examples.loc[~seen, "sha256"]) - {""}
    return splits.mask(seen & examples["sha256"].isin(unseen), SAME_FILE)
