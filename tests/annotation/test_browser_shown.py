"""What the page shows of long captions, of the time that was spent, and of a wrong address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.annotation.pages import begin, read_answers, wait_for_video, wait_saved, wait_until
from videophy_lab.annotation import Item, Project, Task, make_task, serve

pytest.importorskip("playwright.sync_api", reason="the extra dev has it")


@pytest.fixture
def project(videos: Path, tmp_path: Path) -> Project:
    return Project(make_task(videos, tasks=["pc", "sa"], attention_every=0), tmp_path / "ratings.csv")


def test_a_long_caption_leaves_room_for_the_answers(page: object, videos: Path, tmp_path: Path) -> None:
    clips = make_task(videos, tasks=["sa"]).clips
    long = ("A heavy glass marble rolls slowly down a wooden ramp and strikes a row of dominoes. " * 9)[:600]
    clip = replace(clips[0], caption=long)
    item = Item(item_id="sa:long", kind="sa", videos=(clip.video_id,))
    project = Project(Task(clips=(clip,), items=(item,), attention_every=0), tmp_path / "ratings.csv")
    with serve(project) as server:
        begin(page, server.address)
        assert page.locator(".vpa-caption").inner_text() == long.strip()
        for height in (800, 720):
            page.set_viewport_size({"width": 1280, "height": height})
            box = page.locator(".vpa-choice").last.bounding_box()
            assert box["y"] + box["height"] <= height
            assert page.locator(".vpa-caption").evaluate("e => e.clientHeight > 80 && e.scrollHeight > 200")


def test_the_time_of_answers_that_were_replaced_is_shown_too(page: object, project: Project) -> None:
    session = project.open_session("Ada")
    for number, seconds in enumerate((40.0, 20.0)):
        turn = session.turns[0].item
        named = {
            "answer_id": f"before-{number}",
            "item": turn.key,
            "question": turn.kind,
            "value": 1 + number,
        }
        session.answer(named | {"seconds": seconds})
    with serve(project) as server:
        begin(page, server.address)
        assert page.locator(".vpa-speed").inner_text().startswith("60 s each · 7 min left")
        # an answer that comes back from the server, and all of them after a reload, count once
        page.keyboard.press("4")
        wait_until(lambda: len(read_answers(project)) == 3)
        wait_saved(page)
        page.reload()
        page.locator(".vpa-go").click()
        wait_for_video(page)
        last = read_answers(project)[-1]["seconds"]
        assert last < 10
        assert page.locator(".vpa-speed").inner_text().startswith("60 s each · 6 min left")


def test_a_wrong_address_says_what_to_do(page: object, project: Project) -> None:
    with serve(project) as server:
        wrong = server.address.replace(server.token, "x" * 32)
        for address in (wrong, f"http://127.0.0.1:{server.server_port}/"):
            reply = page.goto(address)
            assert reply.status == 403
            assert page.locator("h1").inner_text() == "This address does not open the annotation"
            assert "the whole address that the command has printed" in page.locator("body").inner_text()
            assert server.token not in page.content()
            assert "{" not in page.locator("body").inner_text()
