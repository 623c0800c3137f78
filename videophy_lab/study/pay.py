"""What an annotation costs at the speed that was measured."""

from __future__ import annotations

import pandas as pd


def estimate_pay(
    times: pd.DataFrame,
    *,
    pay_per_hour: float,
    n_items: int | None = None,
    annotators_per_item: int = 3,
    fee: float = 0.0,
) -> pd.DataFrame:
    """Estimate what an annotation costs at the speed that was measured.

    Parameters
    ----------
    times : DataFrame
        ``kind, item_id, annotator, seconds``: one row an answer.
    pay_per_hour : float
        What an hour of work is to be paid.
    n_items : int, optional
        Items of each kind to come; those that there are when not given.
    annotators_per_item : int
    fee : float
        Of a platform, as a fraction of the pay.

    Returns
    -------
    DataFrame
        ``kind, n_measured, median_seconds, n_items, hours, pay_per_item, pay, total``. Money is for the mean
        time of an item, because slow items are paid too.
    """
    if pay_per_hour <= 0 or fee < 0 or annotators_per_item < 1:
        raise ValueError("pay_per_hour must be above 0, fee 0 or more, annotators_per_item 1 or more")
    measured = times.dropna(subset=["seconds"]).astype({"seconds": float})
    items = measured.groupby(["kind", "item_id", "annotator"], as_index=False)["seconds"].sum()
    rows = []
    for kind, own in items.groupby("kind", sort=True):
        count = own["item_id"].nunique() if n_items is None else n_items
        mean = float(own["seconds"].mean())
        hours = count * annotators_per_item * mean / 3600
        rows.append(
            {
                "kind": kind,
                "n_measured": len(own),
                "median_seconds": float(own["seconds"].median()),
                "n_items": count,
                "hours": hours,
                "pay_per_item": pay_per_hour * mean / 3600,
                "pay": pay_per_hour * hours,
                "total": pay_per_hour * hours * (1 + fee),
            }
        )
    columns = ["kind", "n_measured", "median_seconds", "n_items", "hours", "pay_per_item", "pay", "total"]
    return pd.DataFrame(rows, columns=columns)
