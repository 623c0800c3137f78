"""Run the server of a task, and keep the ratings written while answers come in."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from videophy_lab.annotation.project import Project
from videophy_lab.annotation.server import Server

WRITE_EVERY = 5.0


@contextmanager
def serve(project: Project, *, port: int | None = None, annotator: str = "") -> Iterator[Server]:
    """Serve a project as long as the context lasts; the ratings are written every few seconds and at the end.

    Parameters
    ----------
    project : Project
    port : int, optional
        When not given: the port of last time, else a free one. Token and port stay, so that a page left open
        goes on when the server is back.
    annotator : str
        Asked on the page when blank.

    Raises
    ------
    OSError
        The port is taken.
    ValueError
        At the end: the answers contradict each other, so that they make no table of ratings.
    """
    known = project.read_address()
    try:
        server = Server(project, token=known["token"], port=port or known["port"], annotator=annotator)
    except OSError:
        if port:
            raise
        server = Server(project, token=known["token"], annotator=annotator)
    project.write_address(server.server_port, known["token"])
    closing = threading.Event()
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True),
        threading.Thread(target=keep_written, args=(server, closing), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        for thread in threads:
            thread.join(timeout=10)
        project.write()


def keep_written(server: Server, closing: threading.Event) -> None:
    """Write the ratings every few seconds while answers come in; say once what keeps them from it."""
    said = ""
    while not closing.wait(WRITE_EVERY):
        if not server.changed.is_set():
            continue
        server.changed.clear()
        try:
            server.project.write()
        except Exception as error:
            # this thread has nobody to raise to, and the next answers must still be written
            server.changed.set()
            trouble = f"{type(error).__name__}: {error}"
            if trouble != said:
                said = trouble
                sys.stderr.write(
                    f"the ratings cannot be written now ({trouble}); the answers are safe in their logs, and "
                    "it is tried again\n"
                )
