"""The widget without a browser: what the kernel answers to the front end's messages."""

from __future__ import annotations

from pathlib import Path

import pytest

import videophy_lab as lab
from tests.annotation.made_tasks import make_small_task, write_videos
from videophy_lab.annotation import Project, make_task
from videophy_lab.annotation.frontend import make_page, make_script, make_style
from videophy_lab.annotation.widget import answer_message


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(make_task(write_videos(tmp_path / "videos", n_prompts=1)), tmp_path / "ratings.csv")


def ask(project: Project, what: object, body: object, **more: object) -> dict:
    reply, buffers = answer_message(project, {"id": "7", "what": what, "body": body}, **more)
    assert reply.pop("id") == "7"
    return reply | {"buffers": buffers}


def test_a_kernel_opens_takes_answers_and_gives_videos(project: Project) -> None:
    item = ask(project, "open", {"annotator": "Ada"})["value"]["items"][0]
    body = {
        "annotator": "Ada",
        "answer_id": "widget-0001",
        "item": item["id"],
        "question": item["kind"],
        "value": 3,
    }
    assert ask(project, "answer", body)["value"]["seen"] == 1
    shown = ask(project, "footage", {"key": item["videos"][0]})
    assert shown["value"]["frames"] == 16
    clip = project.task.by_key[item["videos"][0]]
    assert shown["buffers"] == [Path(clip.path).read_bytes()]
    Path(clip.path).write_bytes(b"broken")
    other = Project(project.task, project.out)
    assert "cannot be read" in ask(other, "footage", {"key": item["videos"][0]})["value"]["fault"]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("open", {"annotator": ""}),
        ("answer", {"annotator": "Ada"}),
        ("footage", {"key": "../x"}),
        ("footage", {}),
        ("eval", {}),
        (None, None),
    ],
)
def test_a_message_that_is_none_is_refused_and_not_tried_again(
    project: Project, what: object, body: object
) -> None:
    reply = ask(project, what, body)
    assert reply["error"]
    assert reply["refused"] is True


def test_a_disk_that_takes_nothing_is_trouble_that_is_tried_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = ask(project, "open", {"annotator": "Ada"})["value"]["items"][0]

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("videophy_lab.annotation.log.os.fsync", fail)
    body = {
        "annotator": "Ada",
        "answer_id": "widget-0001",
        "item": item["id"],
        "question": item["kind"],
        "value": 3,
    }
    reply = ask(project, "answer", body)
    assert (reply["error"], reply["refused"]) == ("No space left on device", False)


def test_the_widget_holds_the_front_end_and_writes_its_ratings(tmp_path: Path) -> None:
    pytest.importorskip("anywidget")
    widget = lab.annotate(make_small_task(1), out=tmp_path / "ratings.csv", annotator="Ada")
    assert widget._esm == make_script()
    assert widget.settings == {"annotator": "Ada", "place": widget.project.place, "whole": False}
    assert (widget.collect().n_answers, widget.write()) == (0, [])
    widget.close()


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = make_page(title="<b>", annotator='"><script>', place="x")
    assert "&lt;b&gt;" in page
    assert '"><script>' not in page
    for text in (page, make_style(), make_script()):
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text
    assert "innerHTML" not in make_script().partition("function h(")[2]
