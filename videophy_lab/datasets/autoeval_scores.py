"""The scores that the authors released (``videophy2_autoeval_scores``), as our scores table.

Source: huggingface.co/datasets/videophysics/videophy2_autoeval_scores; known columns are model_name,
pc_pred_score, sa_pred_score, joint_pred_score (github.com/Hritikbansal/videophy/issues/9); the rest is
read liberally.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.datasets import bundled
from videophy_lab.datasets.rows import name_videos, require_columns
from videophy_lab.places import find_data_folder
from videophy_lab.schema import TableError, raise_cell

if TYPE_CHECKING:
    import pandas as pd

GENERATOR = "model_name"
SCORER, SPEC = "autoeval", "official_release"
CAPTION_NAMES = ("caption", "prompt", "text", "original_caption")
URL_NAMES = ("video_url", "url", "video_path", "videopath", "video", "path")
UNREADABLE = "0 is what the judge's parser writes where it could read no answer"


def add_captions(rows: pd.DataFrame, test: pd.DataFrame | None, source: str) -> pd.DataFrame:
    """Bring the caption under its name; where there is none, join it from the test file by URL."""
    for names, wanted in ((CAPTION_NAMES, "caption"), (URL_NAMES, "video_url")):
        found = next((name for name in names if name in rows.columns), None)
        if found:
            rows = rows.rename(columns={found: wanted})
    if "caption" in rows.columns:
        return rows
    if "video_url" not in rows.columns or test is None:
        raise TableError(
            f"{source}: no column says which caption a score belongs to; the file has "
            f"{', '.join(rows.columns)}. Remedy: add a column caption, or put videophy2_test.csv beside the "
            "file if it has the video's URL."
        )
    captions = test.drop_duplicates("video_url").set_index("video_url")["caption"]
    return rows.assign(caption=rows["video_url"].map(captions))


def parse_score(values: pd.Series, source: str) -> pd.Series:
    """Read scores from 1 to 5; blank and 0 are unscored (NaN), anything else is an error with its row."""
    import pandas as pd

    numbers = pd.to_numeric(values, errors="coerce")
    off = (values.notna() & ~numbers.between(1, 5) & (numbers != 0)).to_numpy()
    if off.any():
        row = int(off.argmax())
        raise_cell(
            source,
            row,
            str(values.name),
            values.iloc[row],
            "a number from 1 to 5, 0 or a blank",
            "correct it",
        )
    return numbers.where(numbers != 0).astype("float64")


def make_scores(rows: pd.DataFrame, source: str, *, test: pd.DataFrame | None = None) -> pd.DataFrame:
    """Make the scores of SA and PC; the joint score is left out because it is derived.

    Parameters
    ----------
    rows : DataFrame
        The official file as text.
    test : DataFrame, optional
        ``videophy2_test.csv`` as text, to find captions by URL.
    """
    import pandas as pd

    require_columns(rows, (GENERATOR, "sa_pred_score", "pc_pred_score"), source)
    named = name_videos(add_captions(rows, test, source), GENERATOR, source)
    parts = []
    for task in ("sa", "pc"):
        answers = named[f"{task}_pred_score"]
        score = parse_score(answers, source)
        part = named[["video_id", "prompt_id", "generator"]].assign(
            scorer=SCORER, spec=SPEC, task=task, score=score, answer=answers
        )
        part["status"] = score.notna().map({True: "ok", False: "unscored"})
        parts.append(part.assign(error=score.isna().map({True: UNREADABLE}).where(answers.notna())))
    scores = pd.concat(parts, ignore_index=True)
    warn_if_swapped(scores, source)
    return scores


def warn_if_swapped(scores: pd.DataFrame, source: str) -> None:
    """Warn where the means of SA and PC fit the human means better when crossed; nothing is swapped."""
    human = bundled.make_ratings(find_data_folder() / "videophy2" / "ratings.csv", ("sa", "pc"))
    human = human[human["video_id"].isin(scores["video_id"])].astype({"rating": float})
    if human.empty:
        return
    theirs, ours = (
        table.groupby("task")[name].mean() for table, name in ((human, "rating"), (scores, "score"))
    )
    straight = abs(ours["sa"] - theirs["sa"]) + abs(ours["pc"] - theirs["pc"])
    crossed = abs(ours["sa"] - theirs["pc"]) + abs(ours["pc"] - theirs["sa"])
    if crossed < straight:
        warnings.warn(
            f"{source}: the columns sa_pred_score (mean {ours['sa']:.2f}) and pc_pred_score "
            f"({ours['pc']:.2f}) look swapped: humans rate these videos SA {theirs['sa']:.2f}, PC "
            f"{theirs['pc']:.2f}. They are loaded as they stand; "
            "swap them if you know that they are (the joint score is the same either way)",
            stacklevel=4,
        )


def find_test_file(path: Path) -> Path | None:
    """Find ``videophy2_test.csv`` beside a file."""
    beside = path.with_name("videophy2_test.csv")
    return beside if beside.is_file() else None
