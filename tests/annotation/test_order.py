"""The order of the items: an annotator's own, stable, and with no caption before its physics is judged."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from tests.annotation.made_tasks import make_clip, make_items, make_pair, make_small_task, make_test
from videophy_lab.annotation import Task
from videophy_lab.annotation.order import order_items
from videophy_lab.annotation.task import needs_caption


def name_items(task: Task, annotator: str) -> list[str]:
    return [turn.item.item_id for turn in order_items(task, annotator)]


def test_everybody_has_an_order_of_their_own_and_always_the_same() -> None:
    task = make_small_task(8)
    ada, bob = name_items(task, "Ada"), name_items(task, "Bob")
    assert ada == name_items(task, "Ada")
    assert ada != bob
    assert sorted(ada) == sorted(bob) == sorted(item.item_id for item in task.items)


@pytest.mark.parametrize("annotator", ["Ada", "Bob", "Zoë"])
def test_no_caption_is_read_before_the_physics_of_its_prompt_is_judged(annotator: str) -> None:
    clips = [make_clip(generator, n) for n in range(9) for generator in ("wan", "sora")]
    pairs = [
        make_pair(clips[0], clips[5]),
        make_pair(clips[6], clips[7], "pair_sa"),
        make_pair(clips[2], clips[9]),
    ]
    task = Task(clips=tuple(clips), items=(*make_items(clips), *pairs), block_size=4, attention_every=0)
    turns = order_items(task, annotator)
    known: set[str] = set()
    for turn in turns:
        prompts = {task.by_video[video].prompt_id for video in turn.item.videos}
        if needs_caption(turn.item):
            known |= prompts
        else:
            assert not prompts & known
    blocks = [turn.block for turn in turns]
    assert blocks == sorted(blocks)
    assert len(set(blocks)) > 2


def test_blocks_hold_about_as_many_videos_as_asked_for() -> None:
    turns = order_items(make_small_task(20, block_size=6), "Ada")
    videos = {block: {turn.item.videos[0] for turn in group} for block, group in
              itertools.groupby(turns, lambda turn: turn.block)}  # fmt: skip
    assert [len(group) for group in videos.values()] == [6] * 6 + [4]


def test_the_qualification_comes_first() -> None:
    clips = [make_clip("wan", n) for n in range(4)]
    task = Task(
        clips=tuple(clips), items=(*make_items(clips[:3]), make_test(clips[3], 1), make_test(clips[0], 5))
    )
    turns = order_items(task, "Ada")
    assert [turn.item.role for turn in turns[:2]] == ["qualification"] * 2
    assert [turn.block for turn in turns[:3]] == [0, 0, 1]


def test_the_test_asks_physics_before_captions_too_and_leaves_the_work_as_it_is() -> None:
    clips = [make_clip("wan", n) for n in range(12)]
    tests = [make_test(clip, 3, kind=kind) for clip in clips[8:] for kind in ("sa", "rule", "pc")]
    work = make_items(clips[:8])
    task = Task(clips=tuple(clips), items=(*tests, *work), attention_every=0)
    for annotator in ("Ada", "Bob", "Cem"):
        turns = [turn for turn in order_items(task, annotator) if turn.block == 0]
        assert [turn.item.kind for turn in turns] == ["pc"] * 4 + ["rule"] * 4 + ["sa"] * 4
    first, second = ([turn.item.item_id for turn in order_items(task, name) if turn.block == 0]
                     for name in ("Ada", "Bob"))  # fmt: skip
    assert first != second
    # the order of the work is that of the same test without phases
    same = [replace(item, kind="pc", expected={"pc": 3}, rules=()) for item in tests]
    plain = replace(task, items=(*same, *work))
    assert name_items(task, "Ada")[12:] == name_items(plain, "Ada")[12:]


def test_sides_are_drawn_for_each_annotator_and_pair() -> None:
    clips = [make_clip(generator, n) for n in range(60) for generator in ("wan", "sora")]
    pairs = [make_pair(clips[n], clips[n + 1]) for n in range(0, 120, 2)]
    task = Task(clips=tuple(clips), items=tuple(pairs), attention_every=0)
    sides = Counter(turn.sides for turn in order_items(task, "Ada"))
    assert set(sides) == {("a", "b"), ("b", "a")}
    assert 15 <= sides["a", "b"] <= 45


def test_attention_checks_say_what_to_choose_and_leave_the_order_as_it_is() -> None:
    task = make_small_task(20, attention_every=10)
    turns = order_items(task, "Ada")
    checks = [turn for turn in turns if turn.item.role == "attention"]
    assert 9 <= len(checks) <= 20
    for check in checks:
        assert str(check.item.expected["pc"]) in check.item.note
        assert not needs_caption(check.item)
    assert len({check.item.expected["pc"] for check in checks}) > 2
    rest = [turn.item.item_id for turn in turns if turn.item.role == "work"]
    assert rest == name_items(replace(task, attention_every=0), "Ada")
    gaps = [place for place, turn in enumerate(turns) if turn.item.role == "attention"]
    assert all(5 <= after - before <= 17 for before, after in itertools.pairwise(gaps))
