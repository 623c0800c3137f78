"""In which order an annotator sees the items: their own, the same at every start.

Items come in blocks of whole prompts. In a block, and in the test before the first one, physics is judged
first, then rules, then what needs the caption: so nobody has read a caption before the physics of any video
of that prompt is judged. For the same reason `make_task` refuses a test that shows the caption of a prompt
whose physics or rules are asked in the work, and the page does not go back from captions to what was asked
without them. Who has two tabs can still do so; such an answer has ``"after_caption": true`` in the log.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from videophy_lab.annotation.task import Item, Task
from videophy_lab.schema.groups import Groups

PHASES = (("pc", "pair_pc"), ("rule",), ("sa", "pair_sa"))
QUALIFICATION, FIRST_BLOCK = 0, 1


@dataclass(frozen=True)
class Turn:
    """An item when it is shown to one annotator.

    Attributes
    ----------
    item : Item
    block : int
        0 for the qualification, then from 1.
    sides : tuple of str
        Which of a pair's videos, ``"a"`` and ``"b"``, stands left and which right; ``("a",)`` of one video.
    """

    item: Item
    block: int
    sides: tuple[str, ...] = ("a",)


def order_items(task: Task, annotator: str) -> tuple[Turn, ...]:
    """Order a task for an annotator.

    Parameters
    ----------
    task : Task
    annotator : str
        Seeds the order, the sides of pairs, and the attention checks.
    """
    chance = random.Random(hashlib.sha256(annotator.encode()).digest())
    test = [item for item in task.items if item.role == "qualification"]
    chance.shuffle(test)
    turns = [Turn(item, QUALIFICATION, draw_sides(item, chance)) for item in test]
    # sorted after the draws, so that the order of the work is that of a test in any order
    turns.sort(key=lambda turn: find_phase(turn.item))
    rest = [item for item in task.items if item.role != "qualification"]
    for number, block in enumerate(split_blocks(task, rest, chance), start=FIRST_BLOCK):
        for phase in PHASES:
            chosen = [item for item in block if item.kind in phase]
            chance.shuffle(chosen)
            turns += [Turn(item, number, draw_sides(item, chance)) for item in chosen]
    return tuple(add_checks(turns, task, annotator))


def find_phase(item: Item) -> int:
    """Give the place of an item's phase in a block."""
    return next(place for place, kinds in enumerate(PHASES) if item.kind in kinds)


def draw_sides(item: Item, chance: random.Random) -> tuple[str, ...]:
    """Draw which video of a pair stands left."""
    if len(item.videos) == 1:
        return ("a",)
    return ("a", "b") if chance.random() < 0.5 else ("b", "a")


def split_blocks(task: Task, items: Sequence[Item], chance: random.Random) -> Iterable[list[Item]]:
    """Yield blocks of about `block_size` videos; prompts stay whole, and together where a pair joins them."""
    groups: dict[str, list[Item]] = {}
    join = join_prompts(task, items)
    for item in items:
        groups.setdefault(join[task.by_video[item.videos[0]].prompt_id], []).append(item)
    shuffled = list(groups.values())
    chance.shuffle(shuffled)
    block: list[Item] = []
    for group in shuffled:
        block = [*block, *group]
        if len({video for item in block for video in item.videos}) >= task.block_size:
            yield block
            block = []
    if block:
        yield block


def join_prompts(task: Task, items: Iterable[Item]) -> dict[str, str]:
    """Name for each prompt the first of all those that pairs of videos tie to it."""
    groups: Groups[str] = Groups()
    for item in items:
        first, *others = (task.by_video[video].prompt_id for video in item.videos)
        for other in others:
            groups.tie(first, other)
    return {clip.prompt_id: groups.find(clip.prompt_id) for clip in task.clips}


def add_checks(turns: Sequence[Turn], task: Task, annotator: str) -> Iterable[Turn]:
    """Put attention checks among the items: each says which answer to choose."""
    # apart from the order, so that another number of checks leaves the order as it is
    chance = random.Random(hashlib.sha256(f"{annotator}\0checks".encode()).digest())
    every = task.attention_every
    wait, number = draw_wait(every, chance), 0
    for turn in turns:
        yield turn
        if not every or turn.block == QUALIFICATION:
            continue
        wait -= 1
        if wait == 0:
            number, wait = number + 1, draw_wait(every, chance)
            yield Turn(make_check(number, chance.choice(task.clips).video_id, chance), turn.block)


def draw_wait(every: int, chance: random.Random) -> int:
    """Draw after how many items the next check comes, half as many to one and a half times as many."""
    return max(1, chance.randint((every + 1) // 2, every + every // 2)) if every else 0


def make_check(number: int, video_id: str, chance: random.Random) -> Item:
    """Make an attention check."""
    value = chance.randint(1, 5)
    return Item(
        item_id=f"check:{number}",
        kind="pc",
        videos=(video_id,),
        role="attention",
        expected={"pc": value},
        note=f"To show that you read the question, choose {value} here, whatever the video shows.",
    )
