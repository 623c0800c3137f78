"""The command line: arguments, exit codes, and words instead of tracebacks."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from videophy_lab import __version__, cli, doctor, report
from videophy_lab.cli import commands
from videophy_lab.doctor import Check, format_checks
from videophy_lab.params import ParamsError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list:
    """Take the place of the report runner and note what it is given."""
    seen = []

    def note(folder: Path, *, overrides: dict) -> Path:
        seen.append((folder, overrides))
        return folder / "index.html"

    monkeypatch.setattr(report, "run_report", note)
    return seen


def test_report_hands_on_its_arguments(calls: list, tmp_path: Path) -> None:
    result = run(
        "report", str(tmp_path), "-p", "ratings=a=b.csv", "--parameter", "n=", "-p", "text=two words"
    )
    assert result.exit_code == 0
    assert result.stdout == f"done: {tmp_path / 'index.html'}\n"
    assert calls == [(tmp_path, {"ratings": "a=b.csv", "n": "", "text": "two words"})]


def test_open_shows_the_page(calls: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(commands.typer, "launch", shown.append)
    assert run("report", str(tmp_path), "--open").exit_code == 0
    assert shown == [str(tmp_path / "index.html")]
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["report"], "Missing argument 'DIR'"),
        (["report", "{}", "-p", "ratings"], "'ratings' must have the form name=value"),
        (["report", "{}", "-p", "=3"], "'=3' must have the form name=value"),
        (["report", "{}", "-p", "n=1", "-p", "n=2"], "'n' is given twice"),
        (["report", "{}/gone"], "there is no folder"),
        (["report", "{}"], "params.yaml is missing"),
        (["rpeort", "{}"], "Did you mean 'report'?"),
        (["list", "dataset"], "Did you mean 'datasets'?"),
        (["report", "{}", "--opne"], "--open"),
    ],
)
def test_a_wrong_command_gives_2_and_words(tmp_path: Path, arguments: list[str], words: str) -> None:
    result = run(*(argument.format(tmp_path) for argument in arguments))
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ParamsError("key 'titel'"), 2, "key 'titel'"),
        (report.ReportError("cell 4"), 1, "cell 4"),
        (PermissionError(13, "Permission denied", "index.html"), 1, "Permission denied: index.html"),
        (OSError(28, "No space left on device"), 1, "No space left on device: "),
        (KeyboardInterrupt(), 130, "the previous report is as it was"),
    ],
)
def test_every_failure_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: int, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(report, "run_report", fail)
    result = run("report", str(tmp_path))
    assert result.exit_code == code
    assert said in result.stderr


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(report, "run_report", fail)
    assert isinstance(run("report", str(tmp_path)).exception, ZeroDivisionError)


@pytest.mark.parametrize("command", [[], ["report"], ["doctor"], ["list"], ["list", "datasets"]])
def test_every_help_has_an_example(command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Example: videophy-lab" in result.stdout


def test_the_bare_command_shows_its_help() -> None:
    assert "Commands:" in run().output


def test_version() -> None:
    assert run("--version").stdout.strip() == __version__


def test_list_datasets_names_the_bundled_ones() -> None:
    result = run("list", "datasets")
    assert result.exit_code == 0
    assert {"videophy1", "videophy2"} <= set(result.stdout.split())


def test_help_starts_in_less_than_a_second() -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "videophy_lab.cli", "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1


def test_doctor_tells_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        doctor, "check_torch", lambda: Check("torch", False, "not installed", False, "a line")
    )
    result = run("doctor")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["ok", "Python", sys.version.split()[0]]
    assert any(line.split()[:2] == ["ok", "papermill"] for line in lines)
    assert any(line.split()[:2] == ["ok", "data"] for line in lines)
    torch = next(place for place, line in enumerate(lines) if "torch" in line)
    assert lines[torch + 1].strip() == "a line"


def test_doctor_says_which_extra_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "OPTIONAL", (("no-such-package", "ray", "only for --engine ray"),))
    result = run("doctor")
    assert result.exit_code == 0
    assert "pip install 'videophy-lab[ray]' (only for --engine ray)" in result.stdout


def test_doctor_fails_when_something_needed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "read_requirements", lambda: ["no-such-package"])
    monkeypatch.setattr(doctor, "check_torch", lambda: Check("torch", True, "2", False))
    result = run("doctor")
    assert result.exit_code == 1
    assert re.search("^NO  no-such-package +not installed$", result.stdout, re.M)
    assert "-m pip install no-such-package" in result.stdout


def test_checks_are_written_one_a_line() -> None:
    checks = [
        Check("a", True, "1"),
        Check("long", False, "gone", True, "type this"),
        Check("c", False, "-", False),
    ]
    assert format_checks(checks).splitlines()[:3] == ["ok  a     1", "NO  long  gone", "          type this"]
