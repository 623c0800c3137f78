"""The prompts that a run is given, as orders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.generators.base import Order
from videophy_lab.schema import TableError, check_table, make_video_id

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("prompt_id", "caption", "upsampled_caption")


def find_prompts(prompts: str | Path | pd.DataFrame, *, limit: int | None = None) -> pd.DataFrame:
    """Load a prompts table.

    Parameters
    ----------
    prompts : path, name or DataFrame
        A prompts table, or what :func:`videophy_lab.datasets.load_prompts` knows.
    limit : int, optional
        Take so many from the top.

    Returns
    -------
    DataFrame
        A prompts table; a caption that is not known is empty.

    Raises
    ------
    TableError
        No rows, or a table that breaks its declaration.
    """
    import pandas as pd

    if isinstance(prompts, pd.DataFrame):
        source, table = "prompts", check_table(prompts, "prompts")
    else:
        from videophy_lab.datasets import load_prompts

        source, table = str(prompts), load_prompts(prompts)
    if not len(table):
        raise TableError(f"{source}: there is no prompt in it. Remedy: give a table with rows.")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is {limit}; allowed: 1 or more, or none for all prompts.")
    return table.head(limit) if limit else table


def check_captions(prompts: pd.DataFrame, generators: Sequence[str]) -> None:
    """Check that every prompt has a caption for generators that cannot do without.

    Raises
    ------
    TableError
        Some have none; where to get the captions of the benchmark is said.
    """
    blank = prompts.loc[prompts["caption"].isna(), "prompt_id"].tolist()
    if blank and generators:
        raise TableError(
            f"{len(blank)} of {len(prompts)} prompts have no caption ({blank[0]} …), and {generators[0]} "
            "needs one. Remedy: captions are other people's sentences and are not bundled; give "
            "hub:videophy2, or a table with the columns prompt_id and caption."
        )


def make_orders(prompts: pd.DataFrame, generator: str, seeds: Sequence[int]) -> list[Order]:
    """Order a video of every prompt and seed.

    Parameters
    ----------
    prompts : DataFrame
        From :func:`find_prompts`.
    generator : str
        The name that it goes by, for ``video_id``.
    seeds : sequence of int
    """
    orders = []
    for row in prompts.to_dict("records"):
        known: dict[str, Any] = {str(name): cell for name, cell in row.items() if not is_blank(cell)}
        facts = {name: simplify(cell) for name, cell in known.items() if name not in TEXTS}
        for seed in seeds:
            orders.append(
                Order(
                    video_id=make_video_id(generator, known["prompt_id"], seed),
                    prompt_id=known["prompt_id"],
                    seed=seed,
                    caption=known.get("caption", ""),
                    upsampled=known.get("upsampled_caption", ""),
                    facts=facts,
                )
            )
    return orders


def is_blank(cell: Any) -> bool:
    """Tell whether a cell is blank; a list is not."""
    import pandas as pd

    return bool(pd.api.types.is_scalar(cell) and pd.isna(cell))


def simplify(cell: Any) -> Any:
    """Give Python's own number for one of NumPy's."""
    return cell.item() if hasattr(cell, "item") else cell
