"""Ratings of four people: on the page, in JupyterLab, and through the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from tests.annotation.pages import begin, wait_for_video, wait_saved
from tests.annotation.test_browser_lab import run_all, wait_idle
from tests.browser import serve_lab
from tests.conftest import ROOT
from tests.end_to_end.made_benchmark import ADDED, RULES, choose_videos
from tests.end_to_end.making import N_VIDEOS
from tests.end_to_end.people import answer_all, answer_screen, name_truth, serve_page
from videophy_lab.annotation import load_annotation
from videophy_lab.schema import make_rule_id, read_table

# what is asked is the same everywhere
ASKED: dict[str, Any] = {"attention_every": 20, "block_size": 2}
# a block; the first attention check comes after ten items or more
N_PAGE, N_LAB = 9, 6


def open_page(browser: Any) -> tuple[Any, list[str]]:
    """Open a page, and take note of the errors in it."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page, errors


def rate_on_page(browser: Any, videos: pd.DataFrame) -> list[dict[str, Any]]:
    """Let Ada rate on the page with keys and clicks, and Cem and Dora rate everything through the server."""
    right, wrong = choose_videos(videos, ("none", "teleport"))
    known = pd.DataFrame({"video_id": [right, wrong], "task": "pc", "rating": [5, 1]})
    known.to_csv("known.csv", index=False)
    truth = name_truth(videos)
    asked = [word for name, value in ASKED.items() for word in (f"--{name.replace('_', '-')}", value)]
    files = ("videos/videos.csv", "--rules", "bench/rule_kept.csv", "--qualification", "known.csv")
    with serve_page(*files, "--out", "ratings.csv", *asked) as (address, stop):
        page, errors = open_page(browser)
        begin(page, address, "Ada")
        root = page.locator(".vpl-annotate")
        for _ in known.index:
            assert root.locator(".vpa-test").inner_text() == "Test"
            answer_screen(page, root, truth, by="keys")
        root.get_by_text("You have passed the test").wait_for()
        page.keyboard.press("Enter")
        wait_for_video(page)
        done = []
        for number in range(N_PAGE):
            by = "clicks" if number % 2 else "keys"
            more = ADDED if not any(each["kind"] == "rule" for each in done) else ""
            done.append(answer_screen(page, root, truth, by=by, added=more))
        wait_saved(page)
        page.close()
        assert errors == []
        # two attention checks, and on each video one item of sa, one of pc, and two rules
        for name, slips in (("Cem", 0.1), ("Dora", 0.3)):
            assert answer_all(address, name, truth, slips=slips) > 4 * N_VIDEOS + len(known)
        said = stop()
    n_all = 2 * 4 * N_VIDEOS + count_answers(done)
    assert said == f"done: {n_all} ratings and 0 comparisons of 3 annotators: ratings.csv"
    return done


def rate_in_lab(browser: Any, home: Path) -> list[dict[str, Any]]:
    """Let Ben rate in the widget of the notebook annotate, in JupyterLab."""
    notebook = nbformat.read(ROOT / "notebooks" / "20_annotate.ipynb", as_version=4)
    place = next(n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    chosen = {"videos": "videos/videos.csv", "rules": "bench/rule_kept.csv", "qualification": "known.csv"}
    chosen |= {"annotator": "Ben", **ASKED}
    source = "\n".join(f"{name} = {value!r}" for name, value in chosen.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source))
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3",
    }  # fmt: skip
    nbformat.write(notebook, "rate.ipynb")
    truth = name_truth(read_table("videos/videos.csv", "videos"))
    settings = home / "jupyter"
    settings.mkdir()
    with serve_lab(home, settings) as (address, token):
        page, errors = open_page(browser)
        page.goto(f"{address}/lab/tree/rate.ipynb?token={token}")
        wait_idle(page)
        run_all(page, views=1)
        view = page.locator(".vpl-annotate").first
        assert view.locator("input[type=text]").input_value() == "Ben"
        view.locator(".vpa-go").click()
        for _ in range(2):
            answer_screen(page, view, truth, by="keys")
        view.get_by_text("You have passed the test").wait_for()
        view.locator(".vpa-go").click()
        done = [answer_screen(page, view, truth, by=("keys", "clicks")[n % 2]) for n in range(N_LAB)]
        view.locator(".vpa-saved[data-state=saved]").wait_for()
        # the cells below the widget count what was answered
        run_all(page, views=1)
        page.get_by_text("Ben has done 8 of").first.wait_for()
        page.close()
        assert errors == []
    return done


def check_ratings(videos: pd.DataFrame, *seen: list[dict[str, Any]]) -> None:
    """Check that the ratings are what people answered, Ada and Ben one by one."""
    ratings = read_table("ratings.csv", "ratings")
    assert ratings["annotator"].value_counts().to_dict() == {
        "Cem": 4 * N_VIDEOS,
        "Dora": 4 * N_VIDEOS,
        "Ada": count_answers(seen[0]),
        "Ben": count_answers(seen[1]),
    }
    assert set(ratings["video_id"]) == set(videos["video_id"])
    assert set(ratings["rule_id"].dropna()) == {make_rule_id(rule) for rule, _ in RULES[:2]}
    for name, done in zip(("Ada", "Ben"), seen, strict=True):
        own = ratings[ratings["annotator"].eq(name)]
        for each in done:
            rows = own[own["video_id"].eq(each["video_id"]) & own["task"].eq(each["kind"])]
            expected = each["given"] if each["kind"] == "rule" else [each["given"]]
            assert sorted(rows["rating"]) == sorted(expected)
    assert {each["kind"] for each in seen[0]} == {"pc", "sa", "rule"}
    collected = load_annotation("ratings.csv")
    checks = collected.checks.groupby(["role", "annotator"])["right"].agg(["mean", "size"])
    assert checks["mean"].eq(1).all()
    assert checks.loc["qualification", "size"].to_dict() == dict.fromkeys(("Ada", "Ben", "Cem", "Dora"), 2)
    assert checks.loc[("attention", "Cem"), "size"] >= 2
    assert collected.violations[["annotator", "violation"]].to_numpy().tolist() == [["Ada", ADDED]]


def count_answers(done: list[dict[str, Any]]) -> int:
    return sum(len(each["given"]) if each["kind"] == "rule" else 1 for each in done)
