"""The page when things go wrong: videos that are not shown or cannot be judged, names that are near."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.pages import (
    begin,
    go_to,
    open_page,
    press_choice,
    read_answers,
    read_count,
    read_kind,
    read_notice,
    report,
    wait_for_video,
    wait_saved,
    wait_until,
)
from videophy_lab.annotation import Project, Task, make_task, serve
from videophy_lab.annotation.order import QUALIFICATION, order_items

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

VIDEO = "**/video/*"


@pytest.fixture
def project(videos: Path, tmp_path: Path) -> Project:
    return Project(make_task(videos, attention_every=0), tmp_path / "ratings.csv")


def make_tested(videos: Path, folder: Path, **options: object) -> Project:
    """Make a task whose test asks the physics of two videos, both of them 5."""
    shutil.copytree(videos, folder / "videos")
    clips = make_task(folder / "videos", tasks=["pc"]).clips
    known = pd.DataFrame({"video_id": [clip.video_id for clip in clips[:2]], "task": "pc", "rating": 5})
    task = make_task(folder / "videos", tasks=["pc"], qualification=known, **options)
    return Project(task, folder / "ratings.csv")


def find_test_files(task: Task, annotator: str = "Ada") -> list[Path]:
    """Find the videos of the test in the order of an annotator."""
    turns = [turn for turn in order_items(task, annotator) if turn.block == QUALIFICATION]
    return [Path(task.by_video[turn.item.videos[0]].path) for turn in turns]


def take_video(answer: dict) -> Callable:
    """Answer requests of videos in the place of the server."""
    return lambda route: route.fulfill(**answer)


BROKEN_DISK = {"status": 500, "content_type": "application/json", "body": '{"error": "the disk is broken"}'}
NO_VIDEO = {"status": 200, "content_type": "video/mp4", "body": "this is no video"}


def test_what_cannot_be_judged_in_the_test_is_not_right_and_the_test_goes_on(
    page: object, videos: Path, tmp_path: Path
) -> None:
    project = make_tested(videos, tmp_path, pass_share=0.5)
    with serve(project) as server:
        begin(page, server.address)
        report(page)
        wait_for_video(page)
        assert page.locator(".vpa-test").count() == 1
        page.keyboard.press("5")
        page.locator("text=You have passed the test").wait_for()
        assert "1 of 2 answers were right" in page.locator(".vpa-text").inner_text()
        other = page.context.new_page()
        begin(other, server.address, "Bob")
        report(other)
        wait_for_video(other)
        report(other)
        other.locator("text=0 of 2 answers were right, 1 is needed").wait_for()
        wait_saved(other)
        other.reload()
        other.locator(".vpa-go").click()
        other.locator("text=0 of 2 answers were right, 1 is needed").wait_for()


def test_a_video_of_the_test_that_is_missing_is_not_asked(page: object, videos: Path, tmp_path: Path) -> None:
    project = make_tested(videos, tmp_path, pass_share=1)
    find_test_files(project.task)[0].unlink()
    with serve(project) as server:
        open_page(page, server.address)
        page.locator(".vpa-retry").wait_for()
        page.keyboard.press("5")
        assert "before the video is shown" in read_notice(page)
        report(page)
        wait_for_video(page)
        page.keyboard.press("5")
        page.locator("text=You have passed the test").wait_for()
        assert "1 of 1 answer was right" in page.locator(".vpa-text").inner_text()
        assert [each["question"] for each in read_answers(project)] == ["problem", "pc"]


def test_a_test_without_any_video_locks_nobody_out(page: object, videos: Path, tmp_path: Path) -> None:
    project = make_tested(videos, tmp_path, pass_share=1)
    files = find_test_files(project.task)
    for file in files:
        file.rename(file.with_suffix(".away"))
    with serve(project) as server:
        open_page(page, server.address)
        for _ in files:
            page.locator(".vpa-retry").wait_for()
            report(page)
        page.locator("text=The test cannot be taken").wait_for()
        for file in files:
            file.with_suffix(".away").rename(file)
        page.reload()
        page.locator(".vpa-go").click()
        page.locator("text=The test cannot be taken").wait_for()
        page.keyboard.press("Enter")
        press_choice(page, "5")
        wait_for_video(page)
        page.keyboard.press("5")
        page.locator("text=You have passed the test").wait_for()
        assert "2 of 2 answers were right" in page.locator(".vpa-text").inner_text()


def test_answers_that_wait_are_not_sent_in_the_name_of_another(
    page: object, project: Project, tmp_path: Path
) -> None:
    names = ("lab", "lab:2", "lab 2", "lab:", "läb")
    with serve(project) as server:
        begin(page, server.address, "lab:2")
    page.keyboard.press("1")
    page.locator(".vpa-saved[data-state=trouble]").wait_for()
    page.goto("about:blank")
    with serve(Project(project.task, project.out)) as server:
        for name in [name for name in names if name != "lab:2"]:
            open_page(page, server.address, name)
            page.keyboard.press("Enter")
            wait_for_video(page)
            wait_saved(page)
            assert read_answers(project, name) == []
        begin(page, server.address, "lab:2")
        wait_until(lambda: len(read_answers(project, "lab:2")) == 1)
        assert read_answers(project, "lab:2")[0]["annotator"] == "lab:2"


def test_a_video_that_the_server_does_not_give_cannot_be_rated(page: object, project: Project) -> None:
    page.route(VIDEO, take_video(BROKEN_DISK))
    with serve(project) as server:
        open_page(page, server.address)
        page.locator("text=The video cannot be loaded: the disk is broken. Trying again").wait_for()
        page.keyboard.press("1")
        assert "before the video is shown" in read_notice(page)
        page.unroute(VIDEO)
        wait_for_video(page)
        assert read_notice(page) == ""
        assert read_answers(project) == []
        page.keyboard.press("1")
        wait_until(lambda: [each["value"] for each in read_answers(project)] == [1])


def test_a_video_that_is_still_on_its_way_is_neither_rated_nor_reported(
    page: object, project: Project
) -> None:
    held: list = []
    page.route(VIDEO, lambda route: held.append(route))
    with serve(project) as server:
        open_page(page, server.address)
        wait_until(lambda: page.wait_for_timeout(20) or held)
        for key, notice in (("x", "still being loaded"), ("1", "before the video is shown")):
            page.keyboard.press(key)
            assert notice in read_notice(page)
        held[0].continue_()
        wait_for_video(page)
        assert read_count(page) == "0 of 8"
        page.unroute(VIDEO)
    assert read_answers(project) == []


def test_a_video_without_a_picture_is_reported_or_tried_again(page: object, project: Project) -> None:
    page.route(VIDEO, take_video(NO_VIDEO))
    with serve(project) as server:
        open_page(page, server.address)
        page.locator(".vpa-retry").wait_for()
        assert "this browser cannot play the file" in page.locator(".vpa-stage").inner_text()
        page.keyboard.press("1")
        page.locator('[data-value="2"]').click()
        assert "before the video is shown" in read_notice(page)
        page.keyboard.press("x")
        wait_until(lambda: len(read_answers(project)) == 1)
        assert "Reported" in read_notice(page)
        page.unroute(VIDEO)
        page.keyboard.press("r")
        wait_for_video(page)
        assert page.locator(".vpa-retry").count() == 0
        page.keyboard.press("4")
        wait_until(lambda: len(read_answers(project)) == 3)
    given = [(each["question"], each["value"], each.get("shown")) for each in read_answers(project)]
    assert given == [
        ("problem", "not shown: this browser cannot play the file", False),
        ("problem", "", True),
        ("pc", 4, None),
    ]


def test_nobody_goes_back_from_a_caption_to_what_was_asked_without_it(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        press_choice(page, "4")
        page.keyboard.press("Backspace")
        wait_for_video(page)
        assert read_kind(page) == "pc"
        page.keyboard.press("Enter")
        go_to(page, "sa")
        page.keyboard.press("Backspace")
        assert "stays as it is" in read_notice(page)
        assert read_kind(page) == "sa"
        report(page)
        wait_for_video(page)
        page.keyboard.press("Backspace")
        wait_for_video(page)
        assert read_kind(page) == "sa"
        page.keyboard.press("Backspace")
        assert "stays as it is" in read_notice(page)


def test_a_name_that_is_nearly_a_known_one_is_asked_about_once(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address, "Ada")
        page.keyboard.press("4")
        wait_until(lambda: len(read_answers(project)) == 1)
        other = page.context.new_page()
        open_page(other, server.address, "ada")
        other.locator(".vpa-notice:has-text('has answered as “Ada” already')").wait_for()
        assert other.locator(".vpa-panel").count() == 0
        other.keyboard.press("Enter")
        wait_for_video(other)
        assert other.locator(".vpa-who").inner_text() == "ada"
        begin(other, server.address, "Ada")
        begin(other, server.address, "Ben")
