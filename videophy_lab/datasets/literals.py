"""Cells of the official files that hold a Python list or dict as text."""

from __future__ import annotations

import ast
import re
from typing import Any

from videophy_lab.schema import raise_cell

# the official files were written with missing values inside lists: [nan], which is not a literal
BARE_NAN = re.compile(r"(?<=[\[{,:\s])nan(?=\s*[,\]}:])")


def read_literal(cell: str) -> Any:
    """Read a Python literal, with a bare ``nan`` as None; ``ast.literal_eval`` runs no code."""
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError):
        return ast.literal_eval(BARE_NAN.sub("None", cell))


def parse_rules(cell: str | None, *, source: str, row: int, column: str) -> list[str]:
    """Read a list of rules; a blank cell, ``[]`` and ``[nan]`` hold none.

    Parameters
    ----------
    cell : str or None
        For example ``['The ball falls.', 'It is round.']`` as text.
    source, row, column
        Where the cell stands (row from 0), for the error.

    Raises
    ------
    TableError
        The cell is not a list of texts.
    """
    try:
        rules = read_literal(cell) if isinstance(cell, str) else []
    except (ValueError, SyntaxError):
        rules = None
    if not isinstance(rules, list) or not all(isinstance(rule, str | None) for rule in rules):
        remedy = "write the list anew, or leave the cell blank if the rules are not needed"
        raise_cell(source, row, column, cell, "a Python list of texts such as ['…', '…']", remedy)
    return [rule for rule in rules if rule]


def parse_laws(cell: str | None, *, source: str, row: int, column: str) -> dict[str, str]:
    """Read the law of each rule; a law is a text (candidate rules) or a list of one (human-added rules)."""
    try:
        laws = read_literal(cell) if isinstance(cell, str) else {}
    except (ValueError, SyntaxError):
        laws = None
    if not isinstance(laws, dict):
        remedy = "write the dict anew, or leave the cell blank if the laws are not needed"
        raise_cell(source, row, column, cell, "a Python dict of rule and law", remedy)
    first = {rule: law[0] if isinstance(law, list) and law else law for rule, law in laws.items()}
    return {rule: law for rule, law in first.items() if isinstance(rule, str) and isinstance(law, str)}
