"""The thread that keeps the ratings written: it says what is wrong, once, and never gives up."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from videophy_lab.annotation import serving


class Troubled:
    """A project whose ratings cannot be written for a while."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.written = 0

    def write(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.written += 1


@pytest.mark.parametrize("error", [ValueError("torn"), KeyError("videos"), OSError(28, "no space left")])
def test_a_writer_that_fails_says_so_once_and_tries_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    monkeypatch.setattr(serving, "WRITE_EVERY", 0.01)
    project, changed, closing = Troubled(error, error), threading.Event(), threading.Event()
    server = SimpleNamespace(project=project, changed=changed)
    thread = threading.Thread(target=serving.keep_written, args=(server, closing))
    changed.set()
    thread.start()
    until = time.monotonic() + 60
    while not project.written and time.monotonic() < until:
        time.sleep(0.01)
    closing.set()
    thread.join(timeout=60)
    assert (project.written, changed.is_set()) == (1, False)
    said = capsys.readouterr().err
    assert said.count("the ratings cannot be written") == 1
    assert str(error.args[-1]) in said
    assert "the answers are safe" in said
