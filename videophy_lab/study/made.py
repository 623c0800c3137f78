"""What generators gave: how much was made, what is missing and why, what the files are, what it cost."""

from __future__ import annotations

import pandas as pd

from videophy_lab.reasons import blank_numbers

FACTS = ("width", "height", "frames", "fps")


def count_made(videos: pd.DataFrame, *, by: str = "generator") -> pd.DataFrame:
    """Count, by group, the videos that were made and those that are missing.

    Parameters
    ----------
    videos : DataFrame
        A videos table; ``status`` is ``ok`` or ``failed`` where there is one, else a video with a path is
        taken for made.
    by : str
        Column that groups the videos.

    Returns
    -------
    DataFrame
        ``by, n_videos, n_ok, n_failed, n_prompts, n_prompts_without`` (prompts of the table of which the
        group has no video), ``n_truncated`` (texts of which tokens were cut off), ``n_rewritten`` (videos
        made of another text than the caption, such as an upsampled one).
    """
    prompts = videos["prompt_id"].nunique()
    marked = mark_videos(videos)
    counts = marked.groupby(by, sort=True).agg(
        n_videos=("video_id", "size"),
        n_ok=("is_made", "sum"),
        n_truncated=("is_truncated", "sum"),
        n_rewritten=("is_rewritten", "sum"),
    )
    of_made = marked[marked["is_made"]].groupby(by)["prompt_id"].nunique()
    counts["n_prompts"] = of_made.reindex(counts.index, fill_value=0)
    counts["n_failed"] = counts["n_videos"] - counts["n_ok"]
    counts["n_prompts_without"] = prompts - counts["n_prompts"]
    columns = ["n_videos", "n_ok", "n_failed", "n_prompts", "n_prompts_without", "n_truncated", "n_rewritten"]
    return counts[columns].reset_index()


def mark_videos(videos: pd.DataFrame) -> pd.DataFrame:
    """Add ``is_made``, ``is_truncated`` and ``is_rewritten``."""
    blank = pd.Series(None, index=videos.index, dtype=object)
    status, path = (videos.get(name, blank) for name in ("status", "path"))
    text, caption = (videos.get(name, blank) for name in ("caption_used", "caption"))
    truncated = pd.to_numeric(videos.get("truncated_tokens", blank), errors="coerce").fillna(0)
    return videos.assign(
        is_made=status.eq("ok") | (status.isna() & path.notna()),
        is_truncated=truncated.gt(0),
        is_rewritten=text.notna() & caption.notna() & text.ne(caption),
    )


def tabulate_failures(videos: pd.DataFrame) -> pd.DataFrame:
    """Tabulate why videos are missing; numbers in reasons are written #, so that like reasons are counted.

    Returns
    -------
    DataFrame
        ``generator, error, n_videos, n_prompts, example`` (a video_id), commonest first.
    """
    marked = mark_videos(videos)
    wrong = marked[~marked["is_made"]]
    errors = wrong["error"] if "error" in wrong.columns else pd.Series(index=wrong.index, dtype=object)
    named = wrong.assign(error=blank_numbers(errors))
    counts = named.groupby(["generator", "error"], as_index=False).agg(
        n_videos=("video_id", "size"), n_prompts=("prompt_id", "nunique"), example=("video_id", "first")
    )
    return counts.sort_values(["n_videos", "generator"], ascending=[False, True], ignore_index=True)


def describe_made(videos: pd.DataFrame, *, by: str = "generator") -> pd.DataFrame:
    """Tabulate what the files are; a group with files of several kinds has several rows.

    Returns
    -------
    DataFrame
        ``by, width, height, frames, fps, seconds, n_videos``.
    """
    marked = mark_videos(videos)
    known = [name for name in FACTS if name in marked.columns]
    made = marked[marked["is_made"]]
    counts = made.groupby([by, *known], sort=True, dropna=False)["video_id"].size().rename("n_videos")
    table = counts.reset_index()
    if {"frames", "fps"} <= set(known):
        table["seconds"] = table["frames"].astype(float) / table["fps"].astype(float)
    return table[[by, *known, *(["seconds"] if "seconds" in table else []), "n_videos"]]


def tabulate_making(costs: pd.DataFrame, *, by: str = "generator") -> pd.DataFrame:
    """Tabulate what the videos took.

    Parameters
    ----------
    costs : DataFrame
        ``video_id, seconds, cost, tokens`` and the column that groups them, one row a video; videos that
        failed included, since they may have been paid for.

    Returns
    -------
    DataFrame
        ``by, n_videos, median_seconds, total_seconds, total_cost`` (US dollars, NaN where nothing is paid by
        the video), ``median_tokens``, ``mean_megabytes`` where sizes are known.
    """
    rows = []
    for name, part in costs.groupby(by, sort=True):
        sizes = part["bytes"] if "bytes" in part.columns else pd.Series(dtype=float)
        rows.append(
            {
                by: name,
                "n_videos": len(part),
                "median_seconds": float(part["seconds"].median()),
                "total_seconds": float(part["seconds"].sum()),
                "total_cost": float(part["cost"].sum(min_count=1)),
                "median_tokens": float(part["tokens"].median()),
                "mean_megabytes": float(sizes.mean()) / 1e6,
            }
        )
    columns = [by, "n_videos", "median_seconds", "total_seconds", "total_cost", "median_tokens"]
    return pd.DataFrame(rows, columns=[*columns, "mean_megabytes"])


def choose_examples(videos: pd.DataFrame, *, by: str = "generator", n_videos: int = 6) -> pd.DataFrame:
    """Choose videos to be looked at: of each group in turn, another prompt each time.

    Parameters
    ----------
    videos : DataFrame
    by : str
    n_videos : int
        At most so many.

    Returns
    -------
    DataFrame
        Rows of `videos` that were made, in the order in which they were chosen.
    """
    marked = mark_videos(videos)
    made = marked[marked["is_made"]].drop(columns=["is_made", "is_truncated", "is_rewritten"])
    prompts = {name: place for place, name in enumerate(made["prompt_id"].unique())}
    places = made.groupby(by, sort=False).ngroup()
    # the prompt that a group begins with moves on from group to group
    turns = (made["prompt_id"].map(prompts).astype(int) - places) % max(1, len(prompts))
    ranked = made.assign(_turn=turns, _place=places).sort_values(["_turn", "_place"], kind="stable")
    chosen = ranked.drop_duplicates(["_turn", "_place"]).head(n_videos)
    return chosen.drop(columns=["_turn", "_place"]).reset_index(drop=True)
