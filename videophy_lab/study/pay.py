"""What an annotation costs at the speed that was measured, or assumed where nothing is measured yet."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

COLUMNS = ("kind", "speed", "n_measured", "median_seconds", "mean_seconds", "n_items", "n_to_pay", "hours",
           "pay_per_item", "pay", "total")  # fmt: skip


def estimate_pay(
    times: pd.DataFrame,
    *,
    pay_per_hour: float,
    n_items: int | None = None,
    left: pd.DataFrame | None = None,
    annotators_per_item: int = 3,
    fee: float = 0.0,
    assumed_seconds: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Estimate what an annotation costs.

    Parameters
    ----------
    times : DataFrame
        ``kind, item_id, annotator, seconds``: one row an answer, all of them; where there is a column
        ``role``, only ``work`` counts, not tests and attention checks.
    pay_per_hour : float
        What an hour of work is to be paid.
    n_items : int, optional
        Items of each kind to come, each for all annotators; those that were rated when not given.
    left : DataFrame, optional
        ``kind, n_items, n_left``, as annotation counts what is still to be rated; then `n_items` and
        `annotators_per_item` are not used.
    annotators_per_item : int
    fee : float
        Of a platform, as a fraction of the pay.
    assumed_seconds : mapping of kind to float, optional
        Seconds of an item of each kind, for kinds of which nothing is measured.

    Returns
    -------
    DataFrame
        ``kind, speed`` (``measured``, ``assumed`` or ``unknown``), ``n_measured`` (items, one for each
        annotator), ``median_seconds, mean_seconds, n_items, n_to_pay`` (one for each item and annotator),
        ``hours, pay_per_item, pay, total``. Money is for the mean time of an item, because slow items are
        paid too; NaN where the speed is unknown.

    Raises
    ------
    ValueError
        A number that cannot be.
    """
    if pay_per_hour <= 0 or fee < 0 or annotators_per_item < 1:
        raise ValueError("pay_per_hour must be above 0, fee 0 or more, annotators_per_item 1 or more")
    assumed = dict(assumed_seconds or {})
    for kind, seconds in assumed.items():
        if not 0 < seconds < float("inf"):
            raise ValueError(f"assumed_seconds of {kind!r} is {seconds}; it must be above 0")
    seconds_of = _sum_seconds(times)
    if left is None:
        counts = {kind: len(own) if n_items is None else n_items for kind, own in _group_items(seconds_of)}
        to_pay = {kind: (count, count * annotators_per_item) for kind, count in counts.items()}
    else:
        to_pay = {row["kind"]: (row["n_items"], row["n_left"]) for row in left.to_dict("records")}
    rows = []
    for kind, (count, number) in to_pay.items():
        own = seconds_of[seconds_of["kind"].eq(kind)]["seconds"]
        mean = float(own.mean()) if len(own) else assumed.get(str(kind), float("nan"))
        hours = number * mean / 3600
        rows.append(
            {
                "kind": kind,
                "speed": "measured" if len(own) else "assumed" if kind in assumed else "unknown",
                "n_measured": len(own),
                "median_seconds": float(own.median()),
                "mean_seconds": mean,
                "n_items": count,
                "n_to_pay": number,
                "hours": hours,
                "pay_per_item": pay_per_hour * mean / 3600,
                "pay": pay_per_hour * hours,
                "total": pay_per_hour * hours * (1 + fee),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _sum_seconds(times: pd.DataFrame) -> pd.DataFrame:
    """Sum what every annotator spent on an item."""
    work = times[times["role"].eq("work")] if "role" in times.columns else times
    measured = work.dropna(subset=["seconds"]).astype({"seconds": float})
    return measured.groupby(["kind", "item_id", "annotator"])["seconds"].sum().reset_index()


def _group_items(seconds: pd.DataFrame) -> list[tuple[str, set[str]]]:
    """Give the items of every kind that were measured."""
    return [(str(kind), set(own["item_id"])) for kind, own in seconds.groupby("kind", sort=True)]
