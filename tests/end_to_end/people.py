"""People who rate: with keys and clicks in a browser, or as a program that speaks to the same server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tests.end_to_end.made_benchmark import DROPPED, RULES, find_truth
from videophy_lab.annotation.task import make_key

ANSWERED = "data-answered"
Truth = dict[str, dict[str, Any]]
LAWS = dict(RULES)
RULE_KEYS = {0: "v", 1: "f", 2: "c"}


def name_truth(videos: Any) -> Truth:
    """Give the rows of videos by what a browser calls them."""
    return {make_key(row["video_id"]): row for row in videos.to_dict("records")}


@contextmanager
def serve_page(*arguments: object) -> Iterator[tuple[str, Callable[[], str]]]:
    """Run the command annotate; give its address, and what ends it with Ctrl-C and gives its last line."""
    command = [sys.executable, "-m", "videophy_lab.cli", "annotate", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None

        def stop() -> str:
            run.send_signal(signal.SIGINT)
            said, complained = run.communicate(timeout=120)
            assert run.returncode == 0, complained
            return said.splitlines()[-1]

        try:
            yield run.stdout.readline().removeprefix("open ").strip(), stop
        finally:
            if run.poll() is None:
                run.kill()


def answer_screen(page: Any, view: Any, truth: Truth, *, by: str, added: str = "") -> dict[str, Any]:
    """Answer what a view shows, by keys or by clicks, and wait for the next; give what was answered.

    Returns
    -------
    dict
        ``kind, video_id, given`` (a value, or one for each rule, in their order).
    """
    view.locator(".vpa-stage[data-shown] video").first.wait_for()
    panel = view.locator(".vpa-panel")
    kind = panel.get_attribute("data-kind")
    video = truth[view.locator("video").get_attribute("data-key")]
    panel.evaluate(f"panel => panel.setAttribute('{ANSWERED}', '')")
    if kind == "rule":
        sentences = view.locator(".vpa-rule > p").all_inner_texts()
        given: Any = [find_truth(video, "rule", LAWS[sentence]) for sentence in sentences]
        for place, value in enumerate(given):
            if by == "keys":
                page.keyboard.press(RULE_KEYS[value])
            else:
                view.locator(".vpa-rule").nth(place).locator(f'[data-value="{value}"]').click()
        if added:
            page.keyboard.press("n")
            page.keyboard.type(added)
        page.keyboard.press("Control+Enter" if added else "Enter")
    else:
        given = find_truth(video, kind)
        if by == "keys":
            page.keyboard.press(str(given))
        else:
            panel.locator(f'[data-value="{given}"]').click()
    view.locator(f".vpa-panel:not([{ANSWERED}]), .vpa-text").first.wait_for()
    return {"kind": kind, "video_id": video["video_id"], "given": given}


def post(address: str, what: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=20) as reply:
        return json.loads(reply.read())


def answer_all(address: str, name: str, truth: Truth, *, slips: float) -> int:
    """Answer everything as a page would, some of it wrong; give the number of answers."""
    chance = np.random.default_rng(sum(map(ord, name)))
    opened = post(address, "open", {"annotator": name})
    number = 0
    for item in opened["items"]:
        video = truth[item["videos"][0]]
        laws = [LAWS[rule["text"]] for rule in item["rules"]]
        questions = [rule["id"] for rule in item["rules"]] or [item["kind"]]
        for question, law in zip(questions, laws or [""], strict=True):
            value = find_truth(video, item["kind"], law)
            if item["block"] and chance.random() < slips:
                value = 2 if law else value + (1 if value < 3 else -1)
            value = int(item["note"].split("choose ")[1][0]) if item["note"] else value
            body = {"annotator": name, "answer_id": f"{name}-{number:05d}", "item": item["id"]}
            post(address, "answer", body | {"question": question, "value": value, "seconds": 4.0})
            number += 1
    assert all(rule["text"] != DROPPED for item in opened["items"] for rule in item["rules"])
    return number
