"""The widget in a real JupyterLab: keys, a restart of the kernel, a reload, and two views of one task."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.annotation.made_tasks import TRICKY, write_videos
from tests.browser import open_browser, serve_lab
from tests.test_gallery_browser import write_notebook
from videophy_lab.annotation import collect
from videophy_lab.annotation.log import Log

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")
pytest.importorskip("anywidget", reason="the extra annotate has it")

CELL = """\
import videophy_lab as lab

widget = lab.annotate("videos", out="ratings.csv", annotator="Ada", attention_every=0)
widget"""


@pytest.fixture
def page() -> Iterator:
    with open_browser() as browser:
        opened = browser.new_page(viewport={"width": 1300, "height": 1000})
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
        opened.close()
        assert errors == []


def wait_until(check: object, *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.05)


def choose_menu(page: object, menu: str, entry: str) -> None:
    page.locator(f'.lm-MenuBar-itemLabel:text-is("{menu}")').click()
    page.locator(f'.lm-Menu-itemLabel:text-is("{entry}")').click()


def run_all(page: object, views: int) -> None:
    """Run all cells, and once more when JupyterLab wants the kernel to be named first."""
    question = page.locator(".jp-Dialog .jp-mod-accept")
    last = page.locator(".vpl-annotate .vpa-go").nth(views - 1)
    choose_menu(page, "Run", "Run All Cells")
    question.or_(last).first.wait_for(timeout=60_000)
    if question.is_visible():
        question.click()
        wait_idle(page)
        choose_menu(page, "Run", "Run All Cells")
    last.wait_for(timeout=60_000)


def wait_idle(page: object) -> None:
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)
    page.locator('#jp-main-statusbar :text("| Idle")').first.wait_for(timeout=60_000)


def press_choice(view: object, key: str) -> None:
    """Press the key of an answer in a view, and wait for the next video."""
    view.locator("[data-shown] video").wait_for()
    before = view.locator("video").get_attribute("data-key")
    view.press(key)
    wait_until(
        lambda: view.locator("video").count() and view.locator("video").get_attribute("data-key") != before
    )


def read_values(folder: Path) -> list[object]:
    return [answer["value"] for answer in Log(folder / "ratings.answers", "Ada").answers]


def test_the_widget_outlives_its_kernel_a_reload_and_a_second_view(page: object, tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    home.mkdir()
    write_videos(root / "videos", n_prompts=4)
    write_notebook(root / "rate.ipynb", CELL, "widget")
    with serve_lab(root, home) as (address, token):
        page.goto(f"{address}/lab/tree/rate.ipynb?token={token}")
        wait_idle(page)
        run_all(page, views=2)
        view, other = page.locator(".vpl-annotate").first, page.locator(".vpl-annotate").nth(1)
        assert view.locator("input[type=text]").is_disabled()
        view.locator(".vpa-go").click()
        view.locator("video").wait_for()
        cells = page.locator(".jp-Cell").count()

        # real keys: those of the task, and none of JupyterLab's
        for key in ("Space", "Home", "ArrowRight", "ArrowRight", "ArrowLeft", "d", "d"):
            page.keyboard.press(key)
        assert view.locator(".vpl-frame").inner_text() == "frame 2 / 16"
        assert page.locator(".jp-Cell").count() == cells
        assert TRICKY not in page.content()
        press_choice(view, "5")
        view.locator('[data-value="4"]').click()
        wait_until(lambda: read_values(root) == [5, 4])

        # the second view began after the first answers, and hears of the third
        other.locator(".vpa-go").click()
        other.locator("video").wait_for()
        assert other.locator(".vpa-count").inner_text() == "2 of 16"
        press_choice(other, "3")
        wait_until(lambda: read_values(root) == [5, 4, 3])

        # the kernel is gone: what is answered waits in the page, and the next widget sends it
        choose_menu(page, "Kernel", "Restart Kernel…")
        page.locator(".jp-Dialog .jp-mod-accept").click()
        wait_idle(page)
        view.locator("[data-shown] video").first.wait_for()
        view.press("2")
        view.locator(".vpa-saved[data-state=trouble]").wait_for(timeout=15_000)
        assert "run the cell again" in view.locator(".vpa-saved").inner_text()
        assert read_values(root) == [5, 4, 3]
        run_all(page, views=2)
        view.locator(".vpa-go").click()
        wait_until(lambda: read_values(root) == [5, 4, 3, 2])
        view.locator("video").wait_for()
        press_choice(view, "1")
        wait_until(lambda: read_values(root) == [5, 4, 3, 2, 1])

        # a reload of the whole of JupyterLab
        page.reload()
        wait_idle(page)
        run_all(page, views=2)
        view.locator(".vpa-go").click()
        view.locator("video").wait_for()
        assert view.locator(".vpa-saved").inner_text() == "all saved"
        press_choice(view, "5")
        wait_until(lambda: read_values(root)[-1] == 5)
        assert "hacked" not in page.title()
        page.close()
    collected = collect(root / "ratings.answers")
    # the time of an answer that was replaced was spent too
    assert (len(collected.times), len(collected.ratings), collected.n_changed) == (6, 5, 1)
