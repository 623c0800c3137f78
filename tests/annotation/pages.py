"""What the tests of the page do in a browser, and what they wait for."""

from __future__ import annotations

import time

from videophy_lab.annotation import Project
from videophy_lab.annotation.log import Log


def open_page(page: object, address: str, name: str = "Ada") -> None:
    """Open the page and give a name."""
    page.goto(address)
    page.locator("input[type=text]").fill(name)
    page.keyboard.press("Enter")


def begin(page: object, address: str, name: str = "Ada") -> None:
    """Open the page, give a name, and wait for the first video."""
    open_page(page, address, name)
    wait_for_video(page)


def wait_for_video(page: object) -> None:
    """Wait until the videos have a picture, before which nothing can be answered."""
    page.locator(".vpa-stage[data-shown] video").first.wait_for()


def read_kind(page: object) -> str:
    return page.locator(".vpa-panel").get_attribute("data-kind")


def read_notice(page: object) -> str:
    return page.locator(".vpa-notice").inner_text()


def read_count(page: object) -> str:
    return page.locator(".vpa-count").inner_text()


def wait_until(check: object, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.02)


def press_choice(page: object, key: str) -> None:
    """Press the key of an answer, and wait for the next video."""
    wait_for_video(page)
    before = page.locator("video").get_attribute("data-key")
    page.keyboard.press(key)
    wait_until(
        lambda: page.locator("video").count() and page.locator("video").get_attribute("data-key") != before
    )


def report(page: object) -> None:
    """Say that the video cannot be judged, and go on."""
    before = read_count(page)
    page.keyboard.press("x")
    wait_until(lambda: read_count(page) != before)
    page.keyboard.press("Enter")


def read_answers(project: Project, name: str = "Ada") -> list[dict]:
    return Log(project.folder, name).answers


def wait_saved(page: object) -> None:
    page.locator(".vpa-saved[data-state=saved]").wait_for()


def go_to(page: object, kind: str) -> None:
    """Answer until a question of a kind comes."""
    for _ in range(20):
        wait_for_video(page)
        if read_kind(page) == kind:
            return
        report(page)
    raise AssertionError(f"no question of {kind} came")
