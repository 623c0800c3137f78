"""From ratings, videos and rules to examples: what is asked about a video, and what is the right answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.engine.plan import join_rules
from videophy_lab.judges.questions import SCALE
from videophy_lab.schema import SCALES, TableError, check_scale, check_table
from videophy_lab.schema.labels import settle_labels
from videophy_lab.scoring.inputs import find_rules, find_videos
from videophy_lab.training.files import (
    OTHER_LISTED,
    OTHER_RATED,
    differs,
    find_other_rated,
    index_files,
    read_told,
)

if TYPE_CHECKING:
    import pandas as pd

KEY = ["video_id", "task", "rule_id"]
COLUMNS = [
    *KEY, "prompt_id", "generator", "caption", "text", "rating", "n_annotators", "answer", "path", "sha256",
]  # fmt: skip


@dataclass(frozen=True)
class Examples:
    """What there is to learn from, and what was left out of it.

    Attributes
    ----------
    table : DataFrame
        ``video_id, task, rule_id, prompt_id, generator, caption, text, rating, n_annotators, answer, path,
        sha256``, one row a question; ``text`` is the caption or the rule of the question, ``rating`` the
        annotators' mean (of rules their commonest label), ``answer`` what the judge is to say.
    left_out : DataFrame
        ``video_id, task, rule_id, reason``.
    """

    table: pd.DataFrame
    left_out: pd.DataFrame

    def drop(self, gone: pd.Series, reason: str | pd.Series) -> Examples:
        """Leave rows out, for a reason."""
        import pandas as pd

        out = self.table.loc[gone, KEY].assign(reason=reason)
        return Examples(
            self.table[~gone].reset_index(drop=True), pd.concat([self.left_out, out], ignore_index=True)
        )


def make_examples(
    ratings: str | Path | pd.DataFrame,
    videos: str | Path | pd.DataFrame,
    *,
    rules: str | Path | pd.DataFrame | None = None,
    prompts: str | Path | pd.DataFrame | None = None,
    tasks: Sequence[str] = tuple(SCALE),
) -> Examples:
    """Make the examples of a training.

    Several annotators' SA and PC are averaged, as in :func:`videophy_lab.study.pivot_ratings`, and the mean
    is rounded to the nearest answer, halves upwards. Their labels of a rule are no scale: the commonest
    counts, and 2 (cannot be determined) where two are as common, as in
    :func:`videophy_lab.study.violation_rates`.

    Parameters
    ----------
    ratings, videos, rules, prompts : path or DataFrame
        Tables of the contract's form; VIDEOS also a folder of video files. Where ratings or videos tell a
        ``sha256``, those of another file than the one that is there are left out.
    tasks : sequence of str
        Those to learn.

    Raises
    ------
    TableError
        A broken table, no rating of the tasks, ratings that are not on 1–5 (rules: 0, 1, 2), or tables that
        contradict each other.
    """
    import pandas as pd

    from videophy_lab.datasets import load_ratings

    loaded = (
        check_table(ratings, "ratings")
        if isinstance(ratings, pd.DataFrame)
        else load_ratings(ratings, tasks=None)
    )
    check_asked(loaded, tasks, str(ratings) if isinstance(ratings, str | Path) else "ratings")
    kept = loaded[loaded["task"].isin(tasks)]
    check_labels(kept)
    table = find_videos(videos, prompts)
    table = table[table["probe"].eq("")]
    files = index_files(table)
    other = find_other_rated(kept, files)
    rated = settle_ratings(kept[~other])
    check_names(rated, table)
    facts = table[["video_id", "caption", "path", "sha256"]]
    joined = rated.merge(facts, on="video_id", how="left", indicator="found")
    unknown = joined.pop("found").eq("left_only")
    joined[["caption", "path", "sha256"]] = joined[["caption", "path", "sha256"]].fillna("")
    joined["text"] = write_texts(joined, table, find_rules(rules)[0])
    examples = Examples(joined[COLUMNS], kept.loc[other].reindex(columns=KEY).assign(reason=OTHER_RATED))
    examples = examples.drop(unknown, "the video is not in the videos table")
    examples = examples.drop(examples.table["sha256"].eq(""), "there is no file at its path")
    told = examples.table["video_id"].map(read_told(videos)).astype(object)
    examples = examples.drop(differs(examples.table["video_id"], told, files), OTHER_LISTED)
    return examples.drop(examples.table["text"].isna(), "no caption or rule to ask about")


def check_asked(ratings: pd.DataFrame, tasks: Sequence[str], source: str) -> None:
    """Check that some ratings are of a task to learn; raise TableError."""
    if not len(ratings):
        raise TableError(f"{source} has no rows. Remedy: give ratings of {', '.join(tasks)}.")
    if not ratings["task"].isin(tasks).any():
        given = ", ".join(sorted(set(ratings["task"])))
        raise TableError(
            f"{source}: its ratings are of {given}; allowed: {', '.join(tasks)}. Remedy: give ratings of one "
            "of these."
        )


def check_labels(ratings: pd.DataFrame) -> None:
    """Check that SA and PC are on the scale that the judges answer on; raise TableError."""
    asked = ratings[ratings["task"].isin(("sa", "pc"))]
    if len(asked) and asked["rating"].isin((0, 1)).all() and asked["rating"].eq(0).any():
        raise TableError(
            "ratings: SA and PC are 0 or 1, and the judges that are trained here answer from 1 to 5. Remedy: "
            "give ratings on 1–5, such as those of VideoPhy-2."
        )
    check_scale(asked.reset_index(drop=True), SCALES["1-5"])


def settle_ratings(ratings: pd.DataFrame) -> pd.DataFrame:
    """Make one rating and one answer a question of those of several annotators."""
    import numpy as np

    named = ratings.assign(rule_id=ratings["rule_id"].fillna("") if "rule_id" in ratings.columns else "")
    groups = named.groupby(KEY, sort=False)
    one = groups[["prompt_id", "generator"]].first()
    one["rating"], one["n_annotators"] = groups["rating"].mean(), groups["rating"].size()
    one["answer"] = np.floor(one["rating"] + 0.5)
    is_rule = one.index.get_level_values("task") == "rule"
    if is_rule.any():
        labels = settle_labels(named[named["task"].eq("rule")], KEY)
        one.loc[is_rule, "answer"] = labels.reindex(one.index[is_rule]).to_numpy()
    one.loc[is_rule, "rating"] = one.loc[is_rule, "answer"]
    return one.reset_index().astype({"answer": int, "rating": float})


def check_names(rated: pd.DataFrame, videos: pd.DataFrame) -> None:
    """Check that ratings and videos say the same of a video's prompt and generator; raise TableError."""
    both = rated.merge(videos[["video_id", "prompt_id", "generator"]], on="video_id", suffixes=("", "_video"))
    for name in ("prompt_id", "generator"):
        wrong = both[both[name].ne(both[f"{name}_video"])]
        if len(wrong):
            row = wrong.iloc[0]
            raise TableError(
                f"the {name} of the video {row['video_id']!r} is {row[name]!r} in the ratings and "
                f"{row[f'{name}_video']!r} in the videos; splits need one. Remedy: correct one of the tables."
            )


def write_texts(joined: pd.DataFrame, videos: pd.DataFrame, rules: pd.DataFrame | None) -> pd.Series:
    """Give the caption or the rule of each question; NA where it is not known, "" where none is due."""
    import pandas as pd

    texts = (
        joined["caption"]
        .where(joined["task"].eq("sa"), "")
        .mask(joined["task"].eq("sa") & joined["caption"].str.strip().eq(""))
    )
    if rules is None:
        return texts.mask(joined["task"].eq("rule"))
    asked = join_rules(videos, rules).drop_duplicates(["video_id", "rule_id"])
    sentences = asked.set_index(["video_id", "rule_id"])["rule"]
    keys = pd.MultiIndex.from_frame(joined[["video_id", "rule_id"]])
    found = pd.Series(sentences.reindex(keys).to_numpy(), index=joined.index)
    return texts.where(joined["task"].ne("rule"), found)
