"""The score store: a folder of Parquet parts to which many writers append, whole at every moment.

Every change of the folder is one atomic rename of one file: a part is written anew beside itself, forced to
the disk, and put in its own place. A row never moves between parts. So ``pandas.read_parquet(folder)`` shows,
also after a writer was killed, every row of a finished `ScoreStore.append` once, and no half of one. Files
that begin with ``.`` or ``_`` (locks, drafts, ``_specs.json``) are no parts; pyarrow passes over them too.
"""

from __future__ import annotations

from videophy_lab.store.parts import CONTENT, KEY, ROW
from videophy_lab.store.reading import find_same, read_scores, read_specs
from videophy_lab.store.writing import ScoreStore

__all__ = ["CONTENT", "KEY", "ROW", "ScoreStore", "find_same", "read_scores", "read_specs"]
