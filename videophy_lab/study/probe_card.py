"""The report card: one column a judge, one row a measure, in words that can go into a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from videophy_lab.study.words import say_rate, say_with_n

NOT_MEASURED = "–"
DIFFERENCE = "irreversible − reversible"
# measure as readers know it: table, quantity, column that chooses the row, its value
MEASURES = (
    ("forward preferred, irreversible", "reversal", "paired_auc", "class", "irreversible"),
    ("forward preferred, reversible", "reversal", "paired_auc", "class", "reversible"),
    ("difference of the two", "reversal", "auc_contrast", "class", DIFFERENCE),
    ("intact preferred to frozen", "orders", "paired_auc", "probe", "freeze"),
    ("intact preferred to shuffled frames", "orders", "paired_auc", "probe", "shuffle"),
    ("intact preferred to shuffled blocks", "orders", "paired_auc", "probe", "shuffle_blocks"),
    ("intact preferred to loop", "orders", "paired_auc", "probe", "loop"),
    ("intact preferred to blank", "orders", "paired_auc", "probe", "blank"),
    ("shift by freezing", "shifts", "shift_units", "probe", "freeze"),
    ("shift by neutral text", "shifts", "shift_units", "probe", "overlay_neutral"),
    ("shift by positive text", "shifts", "shift_units", "probe", "overlay_positive"),
    ("shift by negative text", "shifts", "shift_units", "probe", "overlay_negative"),
    ("shift by mirroring", "shifts", "shift_units", "probe", "mirror"),
    ("shift by re-encoding", "shifts", "shift_units", "probe", "reencode"),
    ("shift by a wrong caption", "shifts", "shift_units", "probe", "caption_swap"),
    ("same answer when asked again", "retest", "retest_agreement", "asked", "again"),
    ("ICC when asked again", "retest", "retest_icc", "asked", "again"),
    ("same answer to other words", "retest", "retest_agreement", "asked", "in other words"),
    ("ICC to other words", "retest", "retest_icc", "asked", "in other words"),
)
# checks of answers about videos as they are
WITHOUT_EDITS = ("unscored_share", "commonest_share")
FIRST, LAST = "measure", "faults shown"


def make_card(
    scorers: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    *,
    faults: pd.DataFrame,
    use: pd.DataFrame,
    unscored: pd.DataFrame,
    priced: pd.DataFrame,
    agreement: pd.DataFrame | None = None,
    labels: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Make the table of a report card.

    Parameters
    ----------
    scorers : sequence of str
        Columns, in their order.
    tables : mapping
        ``reversal``, ``orders``, ``shifts``, ``retest``: estimates of the studies of those names.
    faults, use, unscored : DataFrame
        From ``name_faults``, ``estimate_scale_use`` and ``estimate_unscored_probes``.
    priced : DataFrame
        From :func:`videophy_lab.study.price_scorers`.
    agreement : DataFrame, optional
        Rows of one correlation with human ratings, with ``scorer, task``.
    labels : mapping of scorer to name, optional

    Returns
    -------
    DataFrame
        ``measure`` and a column a scorer, all text; measures that nobody has are left out. Shifts are in
        points on 1–5, or standard deviations of a metric. n counts pairs of videos, of a use of the scale
        videos, of times and costs questions.
    """
    columns = {scorer: _write_column(scorer, tables) for scorer in scorers}
    for scorer, cells in columns.items():
        cells |= _write_use(_choose(use, scorer), _choose(unscored, scorer))
        cells |= _write_costs(priced, scorer)
        if agreement is not None:
            rows = _list_rows(_choose(agreement, scorer))
            cells["correlation with humans"] = say_with_n(rows[0]) if rows else NOT_MEASURED
        own = faults[faults["scorer"].eq(scorer)]
        named = list(own.loc[own["verdict"].eq("fault"), "fault"])
        cells[LAST] = "; ".join(named) or _clear(own)
    card = pd.DataFrame(columns)
    first = ["correlation with humans"] if agreement is not None else []
    card = card.loc[[*first, *(name for name in card.index if name not in first)]]
    card = card[(card != NOT_MEASURED).any(axis=1)]
    card.columns = [(labels or {}).get(scorer, scorer) for scorer in scorers]
    return card.rename_axis(FIRST).reset_index()


def _clear(own: pd.DataFrame) -> str:
    """Write of a scorer without a fault whether any edit could have shown one."""
    if own.empty:
        return NOT_MEASURED
    return "none" if (~own["quantity"].isin(WITHOUT_EDITS)).any() else "compared under no edit"


def _choose(table: pd.DataFrame, scorer: str) -> pd.DataFrame:
    """Choose the rows of one scorer."""
    return table[table["scorer"].eq(scorer)]


def _list_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """List the rows of a table as mappings."""
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]


def _write_column(scorer: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Write what the studies estimated of one scorer."""
    cells = {}
    for name, table, quantity, column, value in MEASURES:
        rows = tables[table]
        own = rows[rows["scorer"].eq(scorer) & rows["quantity"].eq(quantity) & rows[column].eq(value)]
        cells[name] = _write_cell(_list_rows(own)[0]) if len(own) else NOT_MEASURED
    return cells


def _write_cell(row: Mapping[str, Any]) -> str:
    """Write an estimate and its n, or that the videos got no score."""
    if not np.isnan(float(row["estimate"])):
        return say_with_n(row)
    n_unscored = row.get("n_unscored", 0)
    return f"no score ({n_unscored:,} of {n_unscored:,})" if n_unscored else NOT_MEASURED


def _write_use(use: pd.DataFrame, unscored: pd.DataFrame) -> dict[str, str]:
    """Write how a scorer uses its scale, and what it leaves unscored."""
    answers = missing = NOT_MEASURED
    for row in _list_rows(use):
        share = f"{say_rate(row, digits=0)}, n = {row['n_videos']:,}"
        answers = f"{row['commonest']:.3g}: {share}; {row['n_answers']} different"
    for row in _list_rows(unscored):
        missing = f"{say_rate(row)}, n = {row['n_videos']:,}"
    return {"commonest answer": answers, "probed videos unscored": missing}


def _write_costs(priced: pd.DataFrame, scorer: str) -> dict[str, str]:
    """Write what a question takes of a scorer."""
    known = priced[priced["scorer"].eq(scorer)]
    cells = {}
    for name, column, unit, count in (
        ("median time a question", "median_seconds", "s", "n_timed"),
        ("mean cost a question", "dollars", "US$", "n_paid"),
    ):
        value = float(known[column].iloc[0]) if len(known) else np.nan
        # a price that was given is nobody's mean
        n = int(known[count].iloc[0]) if len(known) else 0
        told = f"{value:.2g} {unit}" + (f", n = {n:,}" if n else "")
        cells[name] = NOT_MEASURED if np.isnan(value) else told
    return cells
