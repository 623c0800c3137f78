"""What annotators write on the page in their own words: it stays as it was typed, and ends nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.annotation.pages import begin, read_answers, read_count, wait_saved, wait_until
from videophy_lab.annotation import Project, make_task, serve

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

RULES = pd.DataFrame({"rule_id": ["r1", "r2"], "rule": ["It falls.", "It stays whole."], "prompt_id": None})
WORDS = "The cup  melts,   then\n\n  flows up.\nTax: x 4"


@pytest.fixture
def project(videos: Path, tmp_path: Path) -> Project:
    task = make_task(videos, tasks=["rule"], rules=RULES, attention_every=0)
    return Project(task, tmp_path / "ratings.csv")


def read_words(project: Project) -> list[str]:
    return [each["value"] for each in read_answers(project) if each["question"] == "more"]


def test_words_are_kept_as_typed_and_enter_is_a_new_line(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        shown = page.locator("video").get_attribute("data-key")
        for key in ("v", "c", "n"):
            page.keyboard.press(key)
        page.keyboard.type(f"  {WORDS}\n")
        assert page.locator("video").get_attribute("data-key") == shown
        assert page.locator(".vpa-more textarea").input_value() == f"  {WORDS}\n"
        page.keyboard.press("Escape")
        wait_until(lambda: read_words(project) == [WORDS])
        wait_saved(page)
        # looked at again, and not changed: nothing is new
        page.keyboard.press("n")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        wait_until(lambda: page.locator("video").get_attribute("data-key") != shown)
        assert [each["question"] for each in read_answers(project)] == ["r1", "r2", "more"]
    project.write()
    assert pd.read_csv(project.out.with_name("ratings_violations.csv"))["violation"].tolist() == [WORDS]


def test_control_and_enter_end_the_words_and_the_item(page: object, project: Project) -> None:
    with serve(project) as server:
        begin(page, server.address)
        shown = page.locator("video").get_attribute("data-key")
        for key in ("f", "f", "n"):
            page.keyboard.press(key)
        page.keyboard.type("It melts.")
        page.keyboard.press("Control+Enter")
        wait_until(lambda: page.locator("video").get_attribute("data-key") != shown)
        wait_until(lambda: read_words(project) == ["It melts."])
        assert read_count(page) == "1 of 4"
