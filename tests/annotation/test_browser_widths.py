"""The page at the widths that windows have: nothing is wider than its box, and every answer can be read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.made_tasks import make_pair
from tests.annotation.pages import begin
from videophy_lab.annotation import Project, Task, make_task, serve

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

WIDTHS = (360, 800, 1000, 1200, 1600)
LONG = "thermoelectromagnetohydrodynamically_" * 3
RULES = [
    ("r1", "It falls down."),
    ("r2", "The law of conservation of mass: no piece of the cup vanishes when it breaks on the floor."),
    ("r3", f"The {LONG}plate stays whole, whatever the {LONG[:60]} does to it."),
    *((f"r{number}", f"Rule {number}: the cup stays where it is.") for number in range(4, 9)),
]
# all boxes whose content is wider than they are, and all that reach out of the window
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll('.vpl-annotate, .vpl-annotate *')]
    .filter(each => {
        const { left, right, width } = each.getBoundingClientRect();
        const wide = getComputedStyle(each).display !== 'inline' && each.scrollWidth > each.clientWidth;
        return width && (wide || left < -0.5 || right > innerWidth + 0.5);
    })
    .map(each => `${each.tagName}.${each.className}: ${each.scrollWidth} in ${each.clientWidth}`)"""
# all buttons that reach out of their panel or list, and all words of them that reach out of their button
CUT_OFF = """() => [...document.querySelectorAll('.vpa-panel button, .vpa-panel button *')]
    .filter(each => each.getClientRects().length)
    .filter(each => {
        const inner = each.getBoundingClientRect();
        const box = each.matches('button') ? each.parentElement.closest('.vpa-rule, .vpa-panel') : each.closest('button');
        const outer = box.getBoundingClientRect();
        return inner.left < outer.left - 0.5 || inner.right > outer.right + 0.5;
    })
    .map(each => each.textContent)"""  # noqa: E501


def make_shown(videos: Path, kind: str) -> Task:
    """Make a task of one kind of question, with long texts."""
    table = pd.DataFrame(
        [
            (f"{file.parent.name}/p/0", "p", file.parent.name, str(file), f"A cup. {LONG} falls, and breaks.")
            for file in sorted(videos.rglob("v0.mp4"))
        ],
        columns=["video_id", "prompt_id", "generator", "path", "caption"],
    )
    rules = pd.DataFrame(RULES, columns=["rule_id", "rule"]).assign(prompt_id=None)
    if kind in ("pc", "sa", "rule"):
        return make_task(table, tasks=[kind], rules=rules, attention_every=0)
    clips = make_task(table, tasks=["pc"]).clips
    return Task(clips=clips, items=(make_pair(clips[0], clips[1], kind),), attention_every=0)


@pytest.mark.parametrize("kind", ["pc", "sa", "rule", "pair_sa"])
def test_nothing_is_wider_than_its_box(page: object, videos: Path, tmp_path: Path, kind: str) -> None:
    with serve(Project(make_shown(videos, kind), tmp_path / "ratings.csv")) as server:
        begin(page, server.address)
        assert page.locator(f".vpa-panel[data-kind={kind}]").count() == 1
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found = page.evaluate(TOO_WIDE), page.evaluate(CUT_OFF)
            assert found == ([], []), f"at {width} px"


def test_the_label_of_every_answer_stands_on_one_line(page: object, videos: Path, tmp_path: Path) -> None:
    lines = "each => Math.round(each.offsetHeight / parseFloat(getComputedStyle(each).lineHeight))"
    with serve(Project(make_shown(videos, "rule"), tmp_path / "ratings.csv")) as server:
        begin(page, server.address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            labels = page.locator(".vpa-rule .vpa-choice strong")
            assert labels.nth(2).inner_text() == "Cannot tell"
            assert {labels.nth(n).evaluate(lines) for n in range(labels.count())} == {1}, f"at {width} px"
