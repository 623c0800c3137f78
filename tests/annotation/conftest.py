"""One browser for the tests of the page, and small videos to show in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.annotation.made_tasks import write_videos
from tests.browser import open_browser


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("shown") / "videos", n_prompts=2)


@pytest.fixture
def page(browser: object) -> Iterator:
    # keys and what was kept are those of this test only
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if "Security" in message.text else None)
    yield opened
    context.close()
    assert errors == []
