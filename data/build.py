"""Rebuild the tables that ship from the official files.

    python data/build.py OFFICIAL_DIR [--out DIR] [--autoeval SCORES]

OFFICIAL_DIR (sub-folders are searched) holds            which gives
    videophy2_test.csv, or videophy2/ratings.csv           videophy2/ratings.csv
    videophy2_test.csv, or videophy2_test_sample_318.csv   videophy2/rule_labels.csv
    test_human_annotations.csv                             videophy1/ratings.csv
    published_tables.json, videophy2_test_exact_counts_by_{model,rule_family}.csv
                                                           published/*.csv

AutoEval's scores come from the extract, or with ``--autoeval`` from a scores table in the order of the run:
of generators with identical scores only the first row of each prompt is kept (README.md says why).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from printed import build_published

from videophy_lab.collisions import find_collisions
from videophy_lab.datasets import videophy1, videophy2
from videophy_lab.datasets.rows import name_videos
from videophy_lab.schema import TableError, make_video_id, read_rows, read_table

RATING_COLUMNS = ["prompt_id", "generator", "is_hard", "human_sa", "human_pc", "autoeval_sa", "autoeval_pc"]
# one caption is written with its final full stop in some copies and without it in the extract
SAME_PROMPT = {"31ea17615154": "12d151cb7b4e"}
RULE_COLUMNS = ["video_id", "rule_id", "law", "label", "origin"]


def find_file(folder: Path, *names: str) -> Path | None:
    """Find the first of the names in the folder or below it."""
    for name in names:
        found = sorted(folder.rglob(name))
        if found:
            return found[0]
    return None


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table with Unix line ends, whole numbers without a point."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    print(f"{path}: {len(table)} rows")


def read_human_ratings(path: Path) -> pd.DataFrame:
    """Read human ratings in the order of the official file, from it or from its numeric extract."""
    rows = read_rows(path)
    if "human_sa" not in rows.columns:
        named = name_videos(rows, videophy2.GENERATOR, str(path))
        rows = named.rename(columns={"sa": "human_sa", "pc": "human_pc"})
        rows["prompt_id"] = rows["prompt_id"].replace(SAME_PROMPT)
    return rows.reindex(columns=RATING_COLUMNS)


def keep_certain_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Keep one row a prompt, the first of the run, among generators whose scores are identical.

    The one file that was scored for all of them is that of the first row: the later ones found its download
    under their own name.
    """
    collisions = find_collisions(scores)
    colliding = {*collisions["generator_a"], *collisions["generator_b"]}
    names = (
        scores["video_id"]
        .str.rsplit("/", n=2, expand=True)
        .set_axis(["generator", "prompt_id", "seed"], axis=1)
    )
    order = names.assign(colliding=names["generator"].isin(colliding), position=range(len(names)))
    first = order.groupby(["prompt_id", "colliding"])["generator"].transform("first")
    return scores[~order["colliding"] | (order["generator"] == first)]


def add_autoeval(ratings: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Fill the columns of AutoEval from a scores table."""
    certain = keep_certain_scores(read_table(path, "scores"))
    pairs = zip(ratings["generator"], ratings["prompt_id"], strict=True)
    names = [make_video_id(generator, prompt) for generator, prompt in pairs]
    for task in ("sa", "pc"):
        values = certain[certain["task"] == task].set_index("video_id")["score"]
        ratings[f"autoeval_{task}"] = values.reindex(names).astype("Int64").to_numpy()
    return ratings


def build_rule_labels(path: Path) -> pd.DataFrame:
    """List the rule labels without the sentences."""
    rules = videophy2.list_rules(read_rows(path), str(path))
    return rules.assign(video_id=rules["video_id"].replace(SAME_PROMPT, regex=True))[RULE_COLUMNS]


def build_videophy1(path: Path) -> pd.DataFrame:
    """Make the numbers of VideoPhy-1 in the order of the official file."""
    named = name_videos(read_rows(path), videophy1.GENERATOR, str(path))
    named = named.rename(columns={"majority_sa": "sa", "majority_pc": "pc"})
    return named[["prompt_id", "generator", "states_of_matter", "complexity", "sa", "pc"]]


def build_tables(folder: Path, out: Path, autoeval: Path | None = None) -> None:
    """Build every table whose files are there, and name those whose files are not."""
    ratings = find_file(folder, "videophy2_test.csv", "videophy2/ratings.csv")
    rules = find_file(folder, "videophy2_test.csv", "videophy2_test_sample_318.csv")
    first = find_file(folder, "test_human_annotations.csv")
    printed = find_file(folder, "published_tables.json")
    if ratings:
        human = read_human_ratings(ratings)
        write_csv(add_autoeval(human, autoeval) if autoeval else human, out / "videophy2" / "ratings.csv")
    if rules:
        write_csv(build_rule_labels(rules), out / "videophy2" / "rule_labels.csv")
    if first:
        write_csv(build_videophy1(first), out / "videophy1" / "ratings.csv")
    if printed:
        for name, table in build_published(printed).items():
            write_csv(table, out / "published" / f"{name}.csv")
    found = {
        "videophy2_test.csv": ratings,
        "test_human_annotations.csv": first,
        "published_tables.json": printed,
    }
    for name in [name for name, path in found.items() if path is None]:
        print(f"{name} is not in {folder}: its tables are left as they are")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="OFFICIAL_DIR")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--autoeval", type=Path, metavar="SCORES")
    options = parser.parse_args()
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is not a folder")
    try:
        build_tables(options.folder, options.out, options.autoeval)
    except TableError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
