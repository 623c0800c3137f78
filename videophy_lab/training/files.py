"""Whether the files are those that were rated: by the SHA-256 that tables tell, where they tell one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

OTHER_RATED = "another file was rated: the sha256 of the rating is not that of the video's file"
OTHER_LISTED = "the file is not the one of the videos table: its sha256 is another one"


def read_told(videos: str | Path | pd.DataFrame) -> pd.Series:
    """Read which SHA-256 a videos table tells of each file; a folder's is that of what lies in it.

    Returns
    -------
    Series of str
        By ``video_id``; videos of which nothing is told are not in it.
    """
    import pandas as pd

    from videophy_lab.datasets import load_videos

    if not isinstance(videos, pd.DataFrame) and Path(videos).is_dir():
        return pd.Series(dtype=object)
    table = videos if isinstance(videos, pd.DataFrame) else load_videos(videos)
    return index_files(table) if "sha256" in table.columns else pd.Series(dtype=object)


def index_files(videos: pd.DataFrame) -> pd.Series:
    """Give the SHA-256 of files as they are, not of probes, by ``video_id``; blanks are left out."""
    if "probe" in videos.columns:
        videos = videos[videos["probe"].fillna("").eq("")]
    known = videos[videos["sha256"].fillna("").ne("")].drop_duplicates("video_id")
    return known.set_index("video_id")["sha256"]


def differs(video_ids: pd.Series, told: pd.Series, files: pd.Series) -> pd.Series:
    """Tell which rows are of another file than the one that is there.

    Parameters
    ----------
    video_ids : Series of str
    told : Series of str
        SHA-256 that a table tells, row by row; blank where it tells none.
    files : Series of str
        Those of the files that are there, by ``video_id``.
    """
    own = video_ids.map(files)
    return told.fillna("").ne("") & own.notna() & told.str.lower().ne(own)


def find_other_rated(ratings: pd.DataFrame, files: pd.Series) -> pd.Series:
    """Tell which ratings are of another file than the one that is there."""
    import pandas as pd

    if "sha256" not in ratings.columns:
        return pd.Series(False, index=ratings.index)
    return differs(ratings["video_id"], ratings["sha256"], files)
