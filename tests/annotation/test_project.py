"""A project on disk: several processes at once, names that are near, files that come later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.annotation.made_tasks import make_small_task, send, write_videos
from videophy_lab.annotation import Project, load_project, make_task
from videophy_lab.annotation.project import find_similar


def test_a_page_and_a_widget_may_write_one_task_at_once(tmp_path: Path) -> None:
    task = make_small_task(20)
    with ThreadPoolExecutor(8) as pool:
        projects = list(pool.map(lambda _: Project(task, tmp_path / "ratings.csv"), range(200)))
    assert load_project(tmp_path / "ratings.csv").task == task
    assert [path.name for path in projects[0].folder.iterdir()] == ["task.json"]


def test_names_that_differ_in_case_or_spaces_are_similar() -> None:
    known = ["Ada", "ada b", "ADA", "Bob", "Adam"]
    assert find_similar("ada", known) == ["ADA", "Ada"]
    assert find_similar("Ada B", known) == ["ada b"]
    assert find_similar("AdaB", known) == ["ada b"]
    assert find_similar("Ada", ["Ada"]) == []


def test_only_a_new_annotator_is_told_of_a_similar_one(tmp_path: Path) -> None:
    project = Project(make_small_task(), tmp_path / "ratings.csv")
    assert project.open("Ada")["similar"] == []
    assert project.open("ada")["similar"] == []
    send(project.open_session("Ada"), "pc:wan/00a0/0", "pc", 4)
    again = Project(project.task, project.out)
    assert again.open("ada")["similar"] == ["Ada"]
    assert again.open("Ada")["similar"] == again.open("Bob")["similar"] == []
    send(again.open_session("ada"), "pc:wan/00a0/0", "pc", 4)
    assert again.open("ada")["similar"] == again.open("Ada")["similar"] == []


def test_a_video_that_was_missing_is_shown_once_it_is_there(tmp_path: Path) -> None:
    project = Project(make_task(write_videos(tmp_path / "videos", n_prompts=1)), tmp_path / "ratings.csv")
    clip = project.task.clips[0]
    file = Path(clip.path)
    file.rename(file.with_suffix(".away"))
    assert project.reel.describe(clip.key)["fault"]
    file.with_suffix(".away").rename(file)
    assert project.reel.describe(clip.key)["fault"] == ""
