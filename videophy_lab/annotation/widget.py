"""The task inside a notebook: the same front end, with the kernel in the place of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.annotation.frontend import make_script, make_style
from videophy_lab.annotation.making import make_task
from videophy_lab.annotation.project import Project
from videophy_lab.annotation.session import AnswerError
from videophy_lab.annotation.task import Task
from videophy_lab.extras import import_extra

if TYPE_CHECKING:
    import pandas as pd

    from videophy_lab.annotation.collect import Collected


def annotate(
    videos: str | Path | pd.DataFrame | Task,
    *,
    out: str | Path,
    annotator: str = "",
    **options: Any,
) -> Any:
    """Rate videos in a notebook.

    Every answer is on the disk before the widget says so: in ``ratings.answers`` beside ``ratings.csv``. The
    same call goes on where the annotator stopped, after a reload, in another tab, and in a new kernel.

    Parameters
    ----------
    videos : path, DataFrame or Task
        As :func:`videophy_lab.annotation.make_task` takes it.
    out : path
        Of the ratings, ``.csv`` or ``.parquet``; written by ``widget.write()``, and by
        ``videophy-lab annotate`` with the same ``--out``.
    annotator : str
        Asked by the widget when blank.
    **options
        Of :func:`videophy_lab.annotation.make_task`: ``tasks``, ``rules``, ``pairs``, ``qualification``,
        ``pass_share``, ``attention_every``, ``block_size``.

    Returns
    -------
    anywidget.AnyWidget
        With ``project``, ``collect()`` and ``write()``.

    Raises
    ------
    ValueError
        With the remedy.
    """
    task = videos if isinstance(videos, Task) else make_task(videos, **options)
    return make_widget(Project(task, Path(out)), annotator=annotator)


def make_widget(project: Project, *, annotator: str = "") -> Any:
    """Make the widget of a project."""
    anywidget = import_extra("anywidget", "annotate")
    import traitlets

    class AnnotationWidget(anywidget.AnyWidget):  # type: ignore[name-defined, misc]
        """A task in a notebook."""

        _esm = make_script()
        _css = make_style()
        settings = traitlets.Dict().tag(sync=True)

        def __init__(self) -> None:
            super().__init__(settings={"annotator": annotator, "place": project.place, "whole": False})
            self.project = project
            self.on_msg(self._hear)

        def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
            reply, buffers = answer_message(project, message, annotator=annotator)
            self.send(reply, buffers)

        def collect(self) -> Collected:
            """Collect all answers so far, of every annotator."""
            return self.project.collect()

        def write(self) -> list[Path]:
            """Write the ratings and the tables beside them."""
            return self.project.write()

    return AnnotationWidget()


def answer_message(
    project: Project, message: dict[str, Any], *, annotator: str = ""
) -> tuple[dict[str, Any], list[bytes]]:
    """Answer a message of the front end; give the reply and its buffers."""
    body = message.get("body") or {}
    reply: dict[str, Any] = {"id": message.get("id")}
    try:
        match message.get("what"):
            case "open":
                return reply | {"value": project.open(annotator or body.get("annotator"))}, []
            case "answer":
                session = project.open_session(annotator or body.get("annotator"))
                return reply | {"value": session.answer(body)}, []
            case "footage":
                shown = project.reel.look(body["key"])
                buffers = [] if isinstance(shown, str) else [shown.data]
                return reply | {"value": project.reel.describe(body["key"])}, buffers
            case what:
                raise AnswerError(f"nothing is called {str(what)[:40]!r}")
    except KeyError:
        return reply | {"error": "the task has no such video", "refused": True}, []
    except ValueError as error:
        return reply | {"error": str(error), "refused": True}, []
    except OSError as error:
        return reply | {"error": error.strerror or str(error), "refused": False}, []
