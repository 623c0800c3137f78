"""The page in a browser: real keys and clicks, two tabs, a reload, a server that goes and comes back."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.made_tasks import TRICKY, make_pair
from tests.annotation.pages import (
    begin,
    go_to,
    press_choice,
    read_answers,
    read_kind,
    wait_for_video,
    wait_saved,
    wait_until,
)
from videophy_lab.annotation import Clip, Item, Project, Task, make_task, serve
from videophy_lab.annotation.order import order_items

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

FETCHED = "performance.getEntriesByType('resource').filter(each => each.name.includes('/video/')).length"
RULES = [("r1", "It falls <i>down</i>."), ("r2", "It stays whole.")]


@pytest.fixture(scope="module")
def task(videos: Path) -> Task:
    rules = pd.DataFrame(RULES, columns=["rule_id", "rule"]).assign(prompt_id=None)
    return make_task(videos, rules=rules, attention_every=0)


@pytest.fixture
def project(task: Task, tmp_path: Path) -> Project:
    return Project(task, tmp_path / "ratings.csv")


def test_keys_answer_and_each_answer_is_on_the_disk(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        assert read_kind(page) == "pc"
        assert page.locator(".vpa-caption").count() == 0
        assert TRICKY not in page.content()
        wait_until(lambda: page.locator("video").evaluate("v => v.currentTime") > 0)
        page.keyboard.press("Space")
        page.keyboard.press("Home")
        for key, frame in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2)):
            page.keyboard.press(key)
            assert page.locator(".vpl-frame").inner_text() == f"frame {frame} / 16"
        page.keyboard.press("s")
        assert page.locator("[data-rate='0.5']").get_attribute("aria-pressed") == "true"
        first = page.locator("video").get_attribute("data-key")
        page.keyboard.press("4")
        wait_until(lambda: page.locator("video").get_attribute("data-key") != first)
        page.keyboard.press("Backspace")
        wait_for_video(page)
        assert page.locator('[data-value="4"]').get_attribute("aria-pressed") == "true"
        page.locator('[data-value="2"]').click()
        wait_until(lambda: [each["value"] for each in read_answers(project)] == [4, 2])
        wait_saved(page)
        assert page.locator(".vpa-count").inner_text() == "1 of 12"
    assert project.collect().ratings["rating"].tolist() == [2]
    assert project.out.exists()


def test_a_caption_is_shown_as_text(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        go_to(page, "sa")
        assert page.locator(".vpa-caption").inner_text().endswith(TRICKY)
        assert page.locator(".vpa-caption *").count() == 0
        assert page.title() == "Annotation"


def test_rules_take_keys_clicks_and_words(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        go_to(page, "rule")
        wait_for_video(page)
        assert page.locator(".vpa-rule > p").all_inner_texts() == [text for _, text in RULES]
        page.keyboard.press("Enter")
        assert "Choose an answer first" in page.locator(".vpa-notice").inner_text()
        page.keyboard.press("v")
        page.keyboard.press("c")
        page.keyboard.press("ArrowUp")
        page.locator(".vpa-rule").nth(1).locator('[data-value="1"]').click()
        page.keyboard.press("n")
        page.keyboard.type("The cup x4 melts.")
        page.keyboard.press("Control+Enter")
        wait_saved(page)
        given = [
            (each["question"], each["value"]) for each in read_answers(project) if each["kind"] == "rule"
        ]
        assert given == [("r1", 0), ("r2", 2), ("r2", 1), ("more", "The cup x4 melts.")]


def test_a_reload_goes_on_where_the_annotator_stopped(page: object, project: Project) -> None:
    with serve(project, annotator="Ada") as server:
        page.goto(server.address)
        assert page.locator("input[type=text]").is_disabled()
        page.keyboard.press("Enter")
        wait_for_video(page)
        page.keyboard.press("3")
        wait_until(lambda: page.locator(".vpa-count").inner_text() == "1 of 12")
        shown = page.locator("video").get_attribute("data-key")
        wait_until(
            lambda: (
                page.locator("video").get_attribute("data-key") != shown or len(read_answers(project)) == 1
            )
        )
        wait_until(lambda: len(read_answers(project)) == 1)
        page.reload()
        page.locator(".vpa-go").click()
        wait_for_video(page)
        assert page.locator(".vpa-count").inner_text() == "1 of 12"
        second = order_items(project.task, "Ada")[1].item.videos[0]
        assert page.locator("video").get_attribute("data-key") == project.task.by_video[second].key


def test_two_tabs_share_the_work_and_keep_both_answers(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        other = page.context.new_page()
        begin(other, server.address)
        assert page.locator("video").get_attribute("data-key") == other.locator("video").get_attribute(
            "data-key"
        )
        press_choice(page, "5")
        wait_until(lambda: len(read_answers(project)) == 1)
        press_choice(other, "1")
        wait_until(lambda: len(read_answers(project)) == 2)
        assert [each["value"] for each in read_answers(project)] == [5, 1]
        assert len({each["tab"] for each in read_answers(project)}) == 2
        # the second tab was told of nothing to skip; the first one hears of the second's next answer
        wait_until(lambda: other.locator(".vpa-count").inner_text() == "1 of 12")
        press_choice(page, "4")
        wait_until(lambda: len(read_answers(project)) == 3)
        press_choice(other, "3")
        wait_until(lambda: other.locator(".vpa-count").inner_text() == "2 of 12")
    assert project.collect().n_changed == 2
    assert sorted(project.collect().ratings["rating"]) == [1, 3]


def test_answers_wait_in_the_page_while_the_server_is_away(
    page: object, project: Project, task: Task
) -> None:
    with serve(project) as server:
        address = server.address
        begin(page, address)
        press_choice(page, "5")
        wait_until(lambda: len(read_answers(project)) == 1 and page.evaluate(FETCHED) == 3)
    # the next video is here already, the one after it is not
    press_choice(page, "4")
    trouble = page.locator(".vpa-saved[data-state=trouble]")
    trouble.wait_for()
    assert "1 answer is kept in this page: the server does not answer" in trouble.inner_text()
    wait_until(lambda: page.locator("video").evaluate("v => v.currentTime") > 0)
    page.keyboard.press("3")
    page.locator("text=The video cannot be loaded: the server does not answer").wait_for()
    page.keyboard.press("1")
    assert "before the video is shown" in page.locator(".vpa-notice").inner_text()
    with serve(Project(task, project.out)) as server:
        assert server.address == address
        wait_saved(page)
        wait_for_video(page)
        assert [each["value"] for each in read_answers(project)] == [5, 4, 3]
    page.keyboard.press("2")
    trouble.wait_for()
    # the tab is closed with an answer in it; the next one sends it
    count_kept = "Object.keys(localStorage).filter(name => name.includes(':Ada:')).length"
    assert page.evaluate(count_kept) == 1
    page.goto("about:blank")
    with serve(Project(task, project.out)) as server:
        begin(page, server.address)
        wait_until(lambda: [each["value"] for each in read_answers(project)] == [5, 4, 3, 2])
        wait_saved(page)
        assert page.locator(".vpa-count").inner_text() == "4 of 12"
        assert page.evaluate(count_kept) == 0


def test_two_videos_play_together_and_one_is_preferred(page: object, videos: Path, tmp_path: Path) -> None:
    clips = make_task(videos, tasks=["pc"]).clips
    task = Task(clips=clips, items=tuple(make_pair(clips[0], clip) for clip in clips[1:]), attention_every=0)
    project = Project(task, tmp_path / "ratings.csv")
    with serve(project) as server:
        begin(page, server.address)
        times = "root => [...root.querySelectorAll('video')].map(video => video.currentTime)"
        gallery = page.locator(".vpl-gallery")
        wait_until(lambda: min(gallery.evaluate(times)) > 0.2)
        assert max(gallery.evaluate(times)) - min(gallery.evaluate(times)) < 0.3
        for key in ("1", "2", "0"):
            count = page.locator(".vpa-count").inner_text() if page.locator(".vpa-panel").count() else ""
            wait_for_video(page)
            page.keyboard.press(key)
            wait_until(lambda shown=count: page.locator(".vpa-count").inner_text() != shown)
            page.wait_for_timeout(300)
        page.locator("text=Thank you, that is all").wait_for()
        wait_saved(page)
    sides = [turn.sides for turn in order_items(task, "Ada")]
    assert [each["value"] for each in read_answers(project)] == [sides[0][0], sides[1][1], "tie"]


def test_the_test_comes_first_and_decides(page: object, videos: Path, tmp_path: Path) -> None:
    known = [
        {"video_id": clip.video_id, "task": "pc", "rating": 5, "tolerance": 0}
        for clip in make_task(videos, tasks=["pc"]).clips[:2]
    ]
    task = make_task(videos, tasks=["pc"], qualification=pd.DataFrame(known), pass_share=1)
    project = Project(task, tmp_path / "ratings.csv")
    with serve(project) as server:
        begin(page, server.address)
        assert page.locator(".vpa-test").inner_text() == "Test"
        page.keyboard.press("5")
        wait_until(lambda: page.locator(".vpa-count").inner_text() == "1 of 6")
        page.wait_for_timeout(300)
        wait_for_video(page)
        page.keyboard.press("5")
        page.locator("text=You have passed the test").wait_for()
        page.keyboard.press("Enter")
        wait_for_video(page)
        assert page.locator(".vpa-test").count() == 0
        other = page.context.new_page()
        begin(other, server.address, "Bob")
        for count in ("1 of 6", "2 of 6"):
            wait_for_video(other)
            other.keyboard.press("1")
            wait_until(lambda shown=count: other.locator(".vpa-count").inner_text() == shown)
            other.wait_for_timeout(300)
        assert "0 of 2 answers were right, 2 are needed" in other.locator(".vpa-text").inner_text()


def test_five_hundred_videos_are_no_burden(page: object, videos: Path, tmp_path: Path) -> None:
    files = sorted(videos.rglob("*.mp4"))
    clips = tuple(
        Clip(video_id=f"g/{n // 2:04d}/{n % 2}", prompt_id=f"{n // 2:04d}", generator="g",
             path=str(files[n % len(files)]), caption=f"Caption {n // 2}.")
        for n in range(500)
    )  # fmt: skip
    items = tuple(
        Item(item_id=f"{kind}:{clip.video_id}", kind=kind, videos=(clip.video_id,))
        for clip in clips
        for kind in ("pc", "sa")
    )
    task = Task(clips=clips, items=items, attention_every=25)
    project = Project(task, tmp_path / "ratings.csv")
    session = project.open_session("Ada")
    for turn in session.turns[:400]:
        named = {"answer_id": f"before-{turn.item.key}", "item": turn.item.key, "question": turn.item.kind}
        session.answer(named | {"value": 3, "seconds": 12.0})
    with serve(project) as server:
        start = time.monotonic()
        begin(page, server.address)
        assert time.monotonic() - start < 5
        total = len(session.turns)
        assert re.fullmatch(rf"400 of {total:,}", page.locator(".vpa-count").inner_text())
        assert "12 s each · " in page.locator(".vpa-speed").inner_text()
        start = time.monotonic()
        for count in range(401, 406):
            page.keyboard.press("4")
            wait_until(lambda shown=count: page.locator(".vpa-count").inner_text().startswith(f"{shown} of"))
            page.wait_for_timeout(260)
            if page.locator(".vpa-text").count():
                page.keyboard.press("Enter")
            wait_for_video(page)
        assert time.monotonic() - start < 10
        wait_saved(page)
    assert len(read_answers(project)) == 405
