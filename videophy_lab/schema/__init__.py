"""The tables: which columns they have, what may stand in them, and how they are read and written."""

from __future__ import annotations

from videophy_lab.schema.cells import TableError, raise_cell
from videophy_lab.schema.check import check_table
from videophy_lab.schema.files import read_rows, read_table, write_table
from videophy_lab.schema.naming import name_rules
from videophy_lab.schema.reversibility import read_reversibility
from videophy_lab.schema.scales import SCALES, Scale, check_scale, infer_scale
from videophy_lab.schema.tables import (
    COLUMNS,
    TABLES,
    Column,
    Table,
    make_prompt_id,
    make_rule_id,
    make_video_id,
)

__all__ = [
    "COLUMNS",
    "SCALES",
    "TABLES",
    "Column",
    "Scale",
    "Table",
    "TableError",
    "check_scale",
    "check_table",
    "infer_scale",
    "make_prompt_id",
    "make_rule_id",
    "make_video_id",
    "name_rules",
    "raise_cell",
    "read_reversibility",
    "read_rows",
    "read_table",
    "write_table",
]
