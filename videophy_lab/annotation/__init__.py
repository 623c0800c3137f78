"""People rate videos: in a notebook, on a page of this machine, or on Amazon Mechanical Turk."""

from __future__ import annotations

from videophy_lab.annotation.collect import Collected, collect, write_collected
from videophy_lab.annotation.making import make_task
from videophy_lab.annotation.mturk import export_mturk, make_urls
from videophy_lab.annotation.mturk_costs import Cost, estimate_mturk_cost
from videophy_lab.annotation.mturk_results import Results, import_mturk, write_review
from videophy_lab.annotation.project import Project, find_folder, load_project
from videophy_lab.annotation.serving import serve
from videophy_lab.annotation.summary import count_items, count_left, count_progress, load_annotation
from videophy_lab.annotation.task import Clip, Item, Rule, Task, TaskError, read_json, write_json
from videophy_lab.annotation.widget import annotate, make_widget

__all__ = [
    "Clip",
    "Collected",
    "Cost",
    "Item",
    "Project",
    "Results",
    "Rule",
    "Task",
    "TaskError",
    "annotate",
    "collect",
    "count_items",
    "count_left",
    "count_progress",
    "estimate_mturk_cost",
    "export_mturk",
    "find_folder",
    "import_mturk",
    "load_annotation",
    "load_project",
    "make_task",
    "make_urls",
    "make_widget",
    "read_json",
    "serve",
    "write_collected",
    "write_json",
    "write_review",
]
