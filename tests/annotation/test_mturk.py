"""Batches for Amazon Mechanical Turk: text stays text, and every page can be answered."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.made_batches import Tags, fill_page, make_task, read_rows, write_batches
from tests.annotation.made_tasks import TRICKY, make_clip, make_items
from videophy_lab.annotation import (
    Task,
    TaskError,
    estimate_mturk_cost,
    export_mturk,
    make_urls,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_batches(tmp_path)


def test_there_is_a_page_and_a_batch_for_every_kind(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{kind}.{ending}" for kind in ("pc", "sa", "rule", "pair_pc") for ending in ("html", "csv")
    )
    for kind in ("pc", "sa", "rule", "pair_pc"):
        rows = read_rows(folder / f"{kind}.csv")
        wanted = set(re.findall(r"\$\{(\w+)\}", (folder / f"{kind}.html").read_text(encoding="utf-8")))
        assert wanted <= set(rows[0])
    assert len(read_rows(folder / "pc.csv")) == 3


def test_a_page_is_a_crowd_form_with_a_button_for_every_value(folder: Path) -> None:
    page = Tags(fill_page(folder, "pc", read_rows(folder / "pc.csv")[0]))
    names = [tag for tag, _ in page.found]
    assert names.count("crowd-form") == 1
    assert names.count("crowd-radio-group") == 1
    buttons = [attributes for tag, attributes in page.found if tag == "crowd-radio-button"]
    assert [(button["name"], button["value"]) for button in buttons] == [
        ("pc", str(n)) for n in (5, 4, 3, 2, 1)
    ]
    rules = Tags(fill_page(folder, "rule", read_rows(folder / "rule.csv")[0]))
    assert [tag for tag, _ in rules.found].count("crowd-radio-button") == 6
    assert [tag for tag, _ in rules.found].count("crowd-text-area") == 1


def test_captions_are_shown_as_text_and_only_where_they_are_asked_about(folder: Path) -> None:
    for kind in ("sa", "pc", "rule", "pair_pc"):
        row = read_rows(folder / f"{kind}.csv")[0]
        page = Tags(fill_page(folder, kind, row))
        plain_page = Tags(fill_page(folder, kind, dict.fromkeys(row, "x")))
        assert [tag for tag, _ in page.found] == [tag for tag, _ in plain_page.found]
        assert "hacked" not in "".join(str(attributes) for _, attributes in page.found)
        assert (f"Video 1: {TRICKY}" in page.text) == (kind == "sa")
        assert [tag for tag, _ in page.found].count("script") == 2
        videos = [attributes["src"] for tag, attributes in page.found if tag == "video"]
        assert all(re.fullmatch(r"https://x\.example/\w+\.mp4\?a=1&b=2", src) for src in videos)
        assert len(videos) == (2 if kind == "pair_pc" else 1)
        for secret in ("wan/", "sora/", "tolerance"):
            assert secret not in page.text + str(page.found)


def test_a_batch_holds_no_character_that_amazon_does_not_take(tmp_path: Path) -> None:
    clip = make_clip("wan", 1)
    clip = type(clip)(**{**vars(clip), "caption": "A \U0001f980 runs.\nIt stops. “Ça va”"})
    task = Task(clips=(clip,), items=tuple(make_items([clip], ("sa",))))
    export_mturk(task, tmp_path, urls={clip.video_id: "https://x.example/1.mp4"})
    text = (tmp_path / "sa.csv").read_text(encoding="utf-8")
    assert max(map(ord, text)) < 0x10000
    assert len(text.splitlines()) == 2
    assert (
        html.unescape(read_rows(tmp_path / "sa.csv")[0]["caption"]) == "A \U0001f980 runs. It stops. “Ça va”"
    )


@pytest.mark.parametrize("kind", ["pc", "sa", "rule", "pair_pc"])
def test_every_page_lets_workers_say_that_a_video_cannot_be_judged(folder: Path, kind: str) -> None:
    page = Tags(fill_page(folder, kind, read_rows(folder / f"{kind}.csv")[0]))
    boxes = [attributes["name"] for tag, attributes in page.found if tag == "crowd-checkbox"]
    assert boxes == ["problem"]
    assert "cannot be judged" in page.text


def test_addresses_are_of_the_web_and_of_every_video(tmp_path: Path) -> None:
    videos = pd.DataFrame(
        {"video_id": ["a", "b"], "path": ["x/1 é.mp4", "2.mp4"], "url": ["https://x/1", None]}
    )
    assert make_urls(videos) == {"a": "https://x/1"}
    assert make_urls(videos, "https://y/z/")["a"] == "https://y/z/x/1%20%C3%A9.mp4"
    with pytest.raises(TaskError, match="workers need an address"):
        make_urls(videos.drop(columns="url"))
    for wrong in ("http://x/1.mp4", "file:///1.mp4", ""):
        with pytest.raises(TaskError, match="must begin with https"):
            export_mturk(make_task(), tmp_path, urls=dict.fromkeys(make_task().by_video, wrong))


def test_costs_are_the_rewards_and_amazons_share() -> None:
    cost = estimate_mturk_cost(100, assignments=3, seconds=60, reward=0.30)
    assert (cost.rewards, cost.fees, cost.total) == pytest.approx((90, 18, 108))
    assert cost.pay_per_hour == pytest.approx(18)
    assert cost.hours == pytest.approx(5)
    many = estimate_mturk_cost(100, assignments=10, seconds=60, reward=0.30)
    assert many.fees / many.rewards == pytest.approx(0.4)
    assert estimate_mturk_cost(1, assignments=9, seconds=60, reward=0.30).fee == pytest.approx(0.06)
    assert estimate_mturk_cost(1, seconds=60, reward=0.02).fee == pytest.approx(0.01)
    assert estimate_mturk_cost(1, seconds=60, reward=1, masters=True).fee == pytest.approx(0.25)
    assert estimate_mturk_cost(1, seconds=61, pay_per_hour=18).reward == pytest.approx(0.31)
    assert "$108.00 in all; $18.00 an hour" in str(cost)
    for wrong in ({}, {"reward": 1, "pay_per_hour": 1}, {"reward": 0}, {"reward": 1, "assignments": 0}):
        with pytest.raises(ValueError, match=r"allowed|either|least"):
            estimate_mturk_cost(1, **{"seconds": 60, **wrong})
