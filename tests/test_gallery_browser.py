"""Galleries in a browser: on a report's pages, and in JupyterLab."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.browser import open_browser, serve_lab
from tests.test_gallery import TRICKY
from tests.video.made_videos import make_frames
from videophy_lab.report import run_report
from videophy_lab.video import encode_video

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")

NOTEBOOKS = Path(__file__).parent / "notebooks"
# frames, frames a second, height, width: 3 s, 2 s, 1.25 s, and one of an odd size
CLIPS = {
    "long": (24, 8, 48, 64),
    "fast": (48, 24, 48, 64),
    "short": (20, 16, 64, 48),
    "odd": (30, 10, 47, 63),
}
PARAMS = "title: Videos\nnotebooks: [{notebook: videos, parameters: {videos: v.csv, scores: s.csv}}]\n"
STATE = """root => [...root.querySelectorAll("video")].map(video => ({
  at: video.currentTime, paused: video.paused, rate: video.playbackRate, ready: video.readyState,
  frame: video.closest(".vpl-tile").querySelector(".vpl-frame").textContent,
}))"""


def write_clips(folder: Path) -> None:
    """Write four videos of different lengths and rates, and their tables."""
    rows = []
    for name, (count, fps, height, width) in CLIPS.items():
        encode_video(make_frames(count, height, width), folder / f"{name}.mp4", fps=fps)
        rows.append(
            {"video_id": f"{name}/00aa/0", "prompt_id": "00aa", "generator": name, "path": f"{name}.mp4"}
        )
    pd.DataFrame(rows).assign(caption=TRICKY).to_csv(folder / "v.csv", index=False)
    score = {"video_id": "long/00aa/0", "scorer": "autoeval", "spec": "ab12", "task": "pc", "score": np.nan,
             "status": "unscored", "answer": "<script>document.title = 'hacked'</script>"}  # fmt: skip
    pd.DataFrame([score]).to_csv(folder / "s.csv", index=False)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def report(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    write_clips(folder)
    (folder / "params.yaml").write_text(PARAMS)
    run_report(folder, library=NOTEBOOKS, progress=False)
    return folder


@pytest.fixture
def page(browser: object) -> Iterator:
    opened = browser.new_page(viewport={"width": 1100, "height": 1000})
    errors: list[str] = []
    requests: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.requests = requests
    yield opened
    opened.close()
    assert errors == []


def find_gallery(page: object, number: int = 0) -> object:
    gallery = page.locator(".vpl-gallery[data-ready]").nth(number)
    gallery.wait_for()
    return gallery


def press(gallery: object, action: str) -> None:
    gallery.locator(f"[data-do={action}]").click()


def watch(gallery: object, seconds: float) -> list[list[dict]]:
    """Look at the videos again and again."""
    states, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        states.append(gallery.evaluate(STATE))
        time.sleep(0.05)
    return states


def read_times(gallery: object) -> list[float]:
    return [state["at"] for state in gallery.evaluate(STATE)]


def wait_for(check: object, *, seconds: float = 60) -> None:
    """Wait until a check holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.03)


def play_from_start(gallery: object) -> None:
    """Press play, and wait until every video moves."""
    press(gallery, "play")
    wait_for(lambda: min(read_times(gallery)) > 0.1)


def check_together(gallery: object) -> None:
    """Check that videos that play do so at the same second, most of the time and never far apart."""
    spreads = []
    for states in watch(gallery, 0.7):
        running = [state["at"] for state in states if not state["paused"]]
        spreads.append(max(running) - min(running) if running else 0.0)
    assert np.median(spreads) < 0.05
    assert max(spreads) < 0.3


def test_the_page_plays_its_files_together_and_loads_nothing_else(page: object, report: Path) -> None:
    page.goto((report / "index.html").as_uri())
    gallery = find_gallery(page)
    assert all(state["paused"] and state["at"] == 0 for state in watch(gallery, 0.3)[-1])
    press(gallery, "loop")
    play_from_start(gallery)
    check_together(gallery)
    wait_for(lambda: gallery.evaluate(STATE)[1]["paused"])
    long, fast, short, odd = gallery.evaluate(STATE)
    assert (fast["frame"], short["frame"]) == ("frame 48 / 48", "frame 20 / 20")
    assert not long["paused"]
    assert not odd["paused"]
    wait_for(lambda: gallery.get_attribute("data-playing") is None)
    assert [state["frame"] for state in gallery.evaluate(STATE)] == [
        f"frame {count} / {count}" for count, *_ in CLIPS.values()
    ]
    assert {url.partition(":")[0] for url in page.requests} <= {"file", "data"}
    assert page.title() == "Videos"


def test_a_gallery_obeys_its_buttons_its_slider_and_the_keys(page: object, report: Path) -> None:
    page.goto((report / "notebooks" / "videos.html").as_uri())
    gallery, other = find_gallery(page), find_gallery(page, 1)
    gallery.locator("[data-rate='0.5']").click()
    play_from_start(gallery)
    begun, before = time.monotonic(), read_times(gallery)[0]
    check_together(gallery)
    took, moved = time.monotonic() - begun, read_times(gallery)[0] - before
    assert 0.25 * took < moved < 0.75 * took
    gallery.locator("video").first.click()
    assert all(state["paused"] for state in gallery.evaluate(STATE))
    assert read_times(other) == [0]

    box = gallery.locator(".vpl-slider").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(lambda: abs(read_times(gallery)[0] - 1.5) < 0.15)
    frames = [state["frame"].split()[1] for state in gallery.evaluate(STATE)]
    assert frames[2] == "20"
    gallery.locator("video").nth(1).scroll_into_view_if_needed()
    start = int(frames[1])
    for key, step in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowLeft", 0)):
        gallery.press(key)
        assert gallery.evaluate(STATE)[1]["frame"] == f"frame {start + step} / 48"
        wait_for(lambda shown=start + step: round(read_times(gallery)[1] * 24 - 0.5, 2) == shown - 1)
    gallery.press("End")
    assert gallery.locator(".vpl-time").inner_text() == "3.00 / 3.00 s"
    gallery.press("Home")
    wait_for(lambda: max(read_times(gallery)) < 0.1)
    gallery.press("Space")
    wait_for(lambda: min(read_times(gallery)) > 0.1)
    gallery.press("Space")
    assert gallery.get_attribute("data-playing") is None
    assert read_times(other) == [0]
    play_from_start(other)
    assert all(state["paused"] for state in gallery.evaluate(STATE))


def test_a_gallery_loops_unless_less_motion_is_wanted(browser: object, report: Path) -> None:
    for motion, loops in (("no-preference", True), ("reduce", False)):
        page = browser.new_page(reduced_motion=motion)
        page.goto((report / "index.html").as_uri())
        gallery = find_gallery(page)
        assert gallery.locator("[data-do=loop]").get_attribute("aria-pressed") == str(loops).lower()
        gallery.press("End")
        gallery.press("ArrowLeft")
        gallery.press("ArrowLeft")
        press(gallery, "play")
        if loops:
            wait_for(lambda shown=gallery: 0 < max(read_times(shown)) < 1)
        else:
            wait_for(lambda shown=gallery: shown.get_attribute("data-playing") is None)
            assert read_times(gallery)[0] > 2.8
        page.close()


def test_a_page_without_script_leaves_every_video_its_own_buttons(browser: object, report: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto((report / "index.html").as_uri())
    assert page.locator("video[controls][poster]").count() == 4
    assert page.locator("button").count() == 0
    page.close()


def test_a_file_that_is_gone_is_said_and_the_others_play(browser: object, report: Path) -> None:
    page = browser.new_page()
    page.route("**/videos_all_2.mp4", lambda route: route.abort())
    page.goto((report / "index.html").as_uri())
    gallery = find_gallery(page)
    wait_for(lambda: gallery.evaluate(STATE)[1]["frame"] == "this browser cannot play the file")
    press(gallery, "play")
    wait_for(lambda: min(read_times(gallery)[place] for place in (0, 2, 3)) > 0.1)
    page.close()


def test_jupyterlab_shows_galleries_that_play_together(page: object, tmp_path: Path) -> None:
    root, home = tmp_path / "root", tmp_path / "home"
    root.mkdir()
    home.mkdir()
    write_clips(root)
    write_notebook(
        root / "look.ipynb",
        'import videophy_lab as lab\n\nlab.show("v.csv", scores="s.csv")',
        'lab.show("v.csv", limit=1)',
    )
    with serve_lab(root, home) as (address, token):
        page.goto(f"{address}/lab/tree/look.ipynb?token={token}")
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=60_000)
        page.locator('#jp-main-statusbar :text("| Idle")').first.wait_for(timeout=60_000)
        run_all(page)
        gallery, other = find_gallery(page), find_gallery(page, 1)
        cells = page.locator(".jp-Cell").count()
        play_from_start(gallery)
        check_together(gallery)
        gallery.locator("video").first.click()
        wait_for(lambda: gallery.get_attribute("data-playing") is None)
        # the gallery has the focus now: these keys are its own, and "d d" deletes no cell
        for key in ("Home", "ArrowRight", "ArrowRight", "d", "d"):
            page.keyboard.press(key)
        assert gallery.evaluate(STATE)[1]["frame"] == "frame 3 / 48"
        page.keyboard.press("Space")
        wait_for(lambda: min(read_times(gallery)) > 0.2)
        page.keyboard.press("Space")
        assert all(state["paused"] for state in gallery.evaluate(STATE))
        assert page.locator(".jp-Cell").count() == cells
        assert read_times(other) == [0]
        assert page.locator(".vpl-caption").first.inner_text() == TRICKY
        assert "hacked" not in page.title()
        page.close()


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook of code cells."""
    import nbformat

    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def run_all(page: object) -> None:
    """Run all cells by the menu, and once more when JupyterLab wants the kernel to be named first."""
    question = page.locator(".jp-Dialog .jp-mod-accept")
    last = page.locator(".vpl-gallery[data-ready]").nth(1)
    for _ in range(2):
        page.locator('.lm-MenuBar-itemLabel:text-is("Run")').click()
        page.locator('.lm-Menu-itemLabel:text-is("Run All Cells")').click()
        question.or_(last).first.wait_for(timeout=60_000)
        if not question.is_visible():
            break
        question.click()
        page.locator('#jp-main-statusbar :text("| Idle")').first.wait_for(timeout=60_000)
    last.wait_for(timeout=60_000)
