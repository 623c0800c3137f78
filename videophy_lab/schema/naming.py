"""Names that follow from what a table says."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from videophy_lab.schema.tables import make_rule_id

if TYPE_CHECKING:
    import pandas as pd

LIKENESS = 0.8


def name_rules(rules: pd.DataFrame) -> pd.DataFrame:
    """Name rules by their sentences where the table has no ``rule_id``.

    A table with a column of nearly that name stays as it is, so that its check says what to rename.

    Parameters
    ----------
    rules : DataFrame
        Not checked yet.

    Returns
    -------
    DataFrame
    """
    present = [str(column) for column in rules.columns]
    near = difflib.get_close_matches("rule_id", [each.lower() for each in present], n=1, cutoff=LIKENESS)
    if near or present.count("rule") != 1:
        return rules
    names = rules["rule"].map(lambda text: make_rule_id(str(text)), na_action="ignore")
    return rules.assign(rule_id=names)
