"""The list of datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from videophy_lab.datasets.hub import HUB_FILES

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["name", "where", "split", "tables", "videos", "prompts", "generators", "scale", "licence"]
DATASETS = (
    ("videophy2", "bundled", "test", "ratings scores prompts videos rules", 3397, 591, 7, "1-5", "MIT"),
    ("videophy1", "bundled", "test", "ratings prompts videos", 3360, 344, 10, "0/1", "MIT"),
    ("hub:videophy2", "hub", "test", "ratings prompts videos rules", 3397, 591, 7, "1-5", "MIT"),
    ("hub:videophy2", "hub", "train", "ratings prompts videos rules", 3343, None, 3, "1-5", "MIT"),
    ("hub:videophy1", "hub", "test", "ratings prompts videos", 3360, 344, 10, "0/1", "MIT"),
    ("hub:upsampled", "hub", "test", "prompts", None, 591, None, None, "MIT"),
    ("hub:upsampled", "hub", "train", "prompts", None, None, None, None, "MIT"),
)


def list_datasets() -> pd.DataFrame:
    """List what the loaders know by name.

    Returns
    -------
    DataFrame
        ``name`` (a source for the loaders), ``where``, ``split``, ``tables``, numbers of ``videos``,
        ``prompts`` and ``generators`` (blank where not known), ``scale``, ``licence``, and the hub's
        ``repository`` and pinned ``revision``.
    """
    import pandas as pd

    table = pd.DataFrame(DATASETS, columns=COLUMNS)
    table = table.astype({"videos": "Int64", "prompts": "Int64", "generators": "Int64"})
    names = zip(table["name"].str.removeprefix("hub:"), table["where"], table["split"], strict=True)
    files = [HUB_FILES[name, split] if where == "hub" else None for name, where, split in names]
    table["repository"] = pd.Series([file.repository if file else None for file in files], dtype="str")
    table["revision"] = pd.Series([file.revision if file else None for file in files], dtype="str")
    return table
