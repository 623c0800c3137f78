"""People rate videos: in a notebook, on a page of this machine, or on Amazon Mechanical Turk."""

from __future__ import annotations

from videophy_lab.annotation.collect import Collected, collect, write_collected
from videophy_lab.annotation.making import make_task
from videophy_lab.annotation.project import Project, find_folder, load_project
from videophy_lab.annotation.server import serve
from videophy_lab.annotation.task import Clip, Item, Rule, Task, TaskError, read_json, write_json
from videophy_lab.annotation.widget import annotate

__all__ = [
    "Clip",
    "Collected",
    "Item",
    "Project",
    "Rule",
    "Task",
    "TaskError",
    "annotate",
    "collect",
    "find_folder",
    "load_project",
    "make_task",
    "read_json",
    "serve",
    "write_collected",
    "write_json",
]
