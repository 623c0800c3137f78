"""A report's hand-written ``params.yaml``: read strictly and checked before anything runs."""

from __future__ import annotations

import ast
import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator

from videophy_lab.places import PARAMS_FILE

TABLE_ENDINGS = (".csv", ".parquet")


class ParamsError(ValueError):
    """Raised when ``params.yaml`` or ``-p name=value`` is wrong; the message names file, key and remedy."""


class NotebookEntry(BaseModel):
    """One notebook of the list, with parameters of its own."""

    model_config = ConfigDict(extra="forbid", strict=True)
    notebook: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)


class ReportParams(BaseModel):
    """The content of ``params.yaml``."""

    model_config = ConfigDict(extra="forbid", strict=True)
    title: str
    summary: str = ""
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    notebooks: list[NotebookEntry] = Field(min_length=1)

    @field_validator("notebooks", mode="before")
    @classmethod
    def name_bare_notebooks(cls, entries: Any) -> Any:
        """Read ``- leaderboard`` as ``- notebook: leaderboard``."""
        if not isinstance(entries, list):
            return entries
        return [{"notebook": entry} if isinstance(entry, str) else entry for entry in entries]


@dataclass(frozen=True)
class NotebookJob:
    """A notebook with what it is to be given.

    Attributes
    ----------
    name : str
        File name without number and ending.
    path : Path
    parameters : dict
        What the report sets.
    settings : dict
        All declared parameters but ``out``: what the report sets, and the notebook's own values for the rest.
    takes_out : bool
        Whether the notebook declares ``out``.
    """

    name: str
    path: Path
    parameters: dict[str, Any]
    settings: dict[str, Any]
    takes_out: bool


def shorten_name(path: Path) -> str:
    """Give a notebook's name without number and ending: ``01_leaderboard.ipynb`` is ``leaderboard``."""
    return re.sub(r"^\d+[a-z]?[_-]", "", path.stem)


def suggest_names(name: str, allowed: Iterable[str]) -> str:
    """Write the close matches of a wrong name and the names that are allowed."""
    known = sorted(allowed)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{hint}allowed: {', '.join(known) or 'none'}"


def read_params(folder: Path) -> ReportParams:
    """Read ``params.yaml`` of a report folder.

    Raises
    ------
    ParamsError
        The folder or the file is missing, or not YAML; a key is unknown, missing or of a wrong type.
    """
    file = folder / PARAMS_FILE
    if not folder.is_dir():
        raise ParamsError(f"there is no folder {folder}; make it and write {file} (see reports/videophy2)")
    if not file.is_file():
        raise ParamsError(f"{file} is missing; write it with title and notebooks (see reports/videophy2)")
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{file} cannot be read as YAML: {error}") from error
    if not isinstance(content, dict):
        raise ParamsError(f"{file} must hold the keys {', '.join(ReportParams.model_fields)}")
    try:
        return ReportParams.model_validate(content)
    except ValidationError as error:
        faults = "\n".join(f"  {describe_fault(dict(fault))}" for fault in error.errors())
        raise ParamsError(f"{file} is wrong:\n{faults}") from error


def describe_fault(fault: Mapping[str, Any]) -> str:
    """Put one finding of pydantic into words, with the key's place in the file."""
    *parents, key = fault["loc"]
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        model = NotebookEntry if parents else ReportParams
        return f"key {place!r} is not known; {suggest_names(str(key), model.model_fields)}"
    if fault["type"] == "missing":
        return f"key {place!r} is missing"
    return f"key {place!r}: {fault['msg']}, got {str(fault.get('input'))[:80]!r}"


def find_notebook(name: str, *, folder: Path, library: Path) -> Path:
    """Find a notebook by its name in the project's library, or by its path relative to the report.

    Raises
    ------
    ParamsError
        There is none, or there are two of that name.
    """
    if name.endswith(".ipynb"):
        if not (folder / name).is_file():
            raise ParamsError(f"notebook {name!r} is not in {folder}; give its path relative to that folder")
        return folder / name
    known = sorted(library.glob("*.ipynb"))
    found = [path for path in known if name in (path.stem, shorten_name(path))]
    if not found:
        raise ParamsError(f"no notebook {name!r}; {suggest_names(name, map(shorten_name, known))}")
    if len(found) > 1:
        raise ParamsError(f"notebook {name!r} is ambiguous: {', '.join(path.name for path in found)}")
    return found[0]


def read_declared(path: Path) -> dict[str, Any]:
    """Read the parameters that a notebook declares (the cell tagged ``parameters``), with its own values."""
    from papermill import inspect_notebook

    try:
        declared = inspect_notebook(str(path))
    except Exception as error:  # papermill has no one class for a notebook that it cannot read
        raise ParamsError(f"{path.name} cannot be read as a notebook: {error}") from error
    return {name: read_literal(parameter["default"]) for name, parameter in declared.items()}


def read_literal(text: str) -> Any:
    """Read a Python literal; keep what is not one as text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def read_overrides(overrides: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Read the values of ``-p name=value`` as YAML; the path of a file becomes relative to the report."""
    values = {}
    for name, text in overrides.items():
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ParamsError(f"-p {name}={text}: the value cannot be read as YAML: {error}") from error
        if isinstance(value, str) and Path(value).is_file():
            value = Path(os.path.relpath(Path(value).resolve(), folder.resolve())).as_posix()
        values[name] = value
    return values


def plan_jobs(
    params: ReportParams, *, folder: Path, library: Path, overrides: Mapping[str, str]
) -> list[NotebookJob]:
    """Decide what every notebook is given, before anything runs.

    Raises
    ------
    ParamsError
        A notebook is not found or listed twice; a parameter is declared nowhere; a table does not exist.
    """
    paths = [find_notebook(entry.notebook, folder=folder, library=library) for entry in params.notebooks]
    names = [shorten_name(path) for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParamsError(f"{folder / PARAMS_FILE} lists a notebook twice: {', '.join(twice)}")
    declared = [read_declared(path) for path in paths]
    given = read_overrides(overrides, folder)
    anywhere = {parameter for values in declared for parameter in values}
    check_declared(params.parameters, anywhere, f"{PARAMS_FILE}: no notebook")
    check_declared(given, anywhere, "-p: no notebook")
    jobs = []
    for entry, path, name, values in zip(params.notebooks, paths, names, declared, strict=True):
        check_declared(
            entry.parameters,
            set(values),
            f"{PARAMS_FILE}: the cell tagged 'parameters' of {path.name} nowhere",
        )
        wanted = {**params.parameters, **entry.parameters, **given}
        chosen = {key: fit_kind(key, value, values[key]) for key, value in wanted.items() if key in values}
        check_tables(chosen, folder)
        settings = {key: chosen.get(key, value) for key, value in values.items() if key != "out"}
        jobs.append(NotebookJob(name, path, chosen, settings, "out" in values))
    return jobs


def check_declared(given: Iterable[str], declared: set[str], subject: str) -> None:
    """Raise if a parameter is given that is declared nowhere."""
    for name in given:
        if name == "out":
            raise ParamsError(
                f"the parameter 'out' is set by the report itself; take it out of {PARAMS_FILE}"
            )
        if name not in declared:
            allowed = suggest_names(name, declared - {"out"})
            raise ParamsError(f"{subject} declares the parameter {name!r}; {allowed}")


def fit_kind(name: str, value: Any, default: Any) -> Any:
    """Give the value in the kind of the notebook's own default: one value for a list becomes a list of it.

    Raises
    ------
    ParamsError
        A word where a number belongs, and the like.
    """
    if isinstance(default, list) and not isinstance(value, list):
        return [value]
    kinds: dict[type, tuple[tuple[type, ...], str]] = {
        bool: ((bool,), "true or false"),
        int: ((int, float), "a number"),
        float: ((int, float), "a number"),
        str: ((str,), "text"),
        list: ((list,), "a list"),
        dict: ((dict,), "name: value pairs"),
    }
    wanted, said = kinds.get(type(default), ((object,), "anything"))
    is_truth = isinstance(value, bool) and not isinstance(default, bool)
    if not isinstance(value, wanted) or (is_truth and default is not None):
        raise ParamsError(f"the parameter {name!r} is {value!r}; it must be {said}, such as {default!r}")
    return value


def check_tables(parameters: Mapping[str, Any], folder: Path) -> None:
    """Raise if a parameter names a table file that does not exist."""
    for name, value in parameters.items():
        if isinstance(value, str) and value.endswith(TABLE_ENDINGS) and not (folder / value).is_file():
            raise ParamsError(
                f"parameter {name!r}: there is no file {value!r}; a path in {PARAMS_FILE} is relative to "
                f"{folder}, one after -p to the folder where you type"
            )
