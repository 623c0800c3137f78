"""Every notebook is stripped, parameterised, thin, and says what it answers."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from videophy_lab.outputs import check_name
from videophy_lab.params import read_declared, shorten_name

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EVERY_NOTEBOOK = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read_cells(path: Path, kind: str | None = None) -> list[dict]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**cell, "text": "".join(cell["source"])} for cell in cells if kind in (None, cell["cell_type"])]


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS
    names = [shorten_name(path) for path in NOTEBOOKS]
    assert len(set(names)) == len(names)


@EVERY_NOTEBOOK
def test_a_notebook_is_stored_without_outputs(path: Path) -> None:
    for number, cell in enumerate(read_cells(path, "code"), start=1):
        assert cell["outputs"] == [], f"code cell {number} has outputs: nbstripout {path.name}"
        assert cell["execution_count"] is None, f"code cell {number} has a count: nbstripout {path.name}"
    assert "papermill" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


@EVERY_NOTEBOOK
def test_a_notebook_opens_with_what_it_answers(path: Path) -> None:
    first = read_cells(path)[0]
    heading, _, rest = first["text"].partition("\n")
    assert first["cell_type"] == "markdown"
    assert heading.startswith("# ")
    assert len(rest.split()) >= 8


@EVERY_NOTEBOOK
def test_the_first_code_cell_holds_the_parameters(path: Path) -> None:
    first, *others = read_cells(path, "code")
    assert first["metadata"].get("tags") == ["parameters"]
    assert not [cell for cell in others if "parameters" in cell["metadata"].get("tags", [])]
    assert "out" in read_declared(path)


@EVERY_NOTEBOOK
def test_a_notebook_defines_nothing(path: Path) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for number, cell in enumerate(read_cells(path, "code"), start=1):
        defined = [node.name for node in ast.walk(ast.parse(cell["text"])) if isinstance(node, kinds)]
        assert not defined, f"code cell {number} defines {defined}: move it into the package"


@EVERY_NOTEBOOK
def test_outputs_carry_the_notebooks_own_name(path: Path) -> None:
    text = "\n".join(cell["text"] for cell in read_cells(path, "code"))
    assert f'Outputs(out, notebook="{check_name(shorten_name(path), what="notebook")}"' in text


@EVERY_NOTEBOOK
def test_a_notebook_closes_with_findings(path: Path) -> None:
    assert "outputs.finding(" in read_cells(path, "code")[-1]["text"]
