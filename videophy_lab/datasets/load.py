"""Load a table from any source.

A source is a bundled name (``"videophy2"``, ``"videophy1"``; offline), the same from the Hugging Face hub
(``"hub:videophy2"``), the path of one of our tables, of an official CSV file, or of a folder of those. The
prompts of the embedded world are called ``"simulated"``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from videophy_lab.collisions import has_names, settle_collisions
from videophy_lab.datasets import autoeval_scores, bundled, folder, hub, videophy1, videophy2
from videophy_lab.datasets.rows import name_prompts
from videophy_lab.datasets.sources import Source, find_source, find_upsampled, recognize_form
from videophy_lab.schema import (
    SCALES,
    TableError,
    check_scale,
    check_table,
    infer_scale,
    read_rows,
    read_table,
)
from videophy_lab.store import KEY, read_scores
from videophy_lab.video_store import is_probe_folder, is_video_store, read_probed, read_videos

if TYPE_CHECKING:
    import pandas as pd

SIMULATED = "simulated"
OFFICIAL = {"videophy1": videophy1, "videophy2": videophy2}


def resolve_source(source: str | Path, *forms: str, split: str) -> Source:
    """Find the file of a source, and fetch it from the hub first where its name begins with ``hub:``."""
    if str(source).startswith("hub:"):
        if "autoeval" in forms:
            raise TableError(
                f"{source}: scores are not fetched from the hub. Remedy: type hf download "
                "videophysics/videophy2_autoeval_scores --repo-type dataset --local-dir official, and give "
                "the path of its CSV file."
            )
        path = hub.fetch_dataset(str(source)[4:], split=split)
        return Source(str(source), path, recognize_form(path))
    return find_source(source, forms, split=split)


def load_ratings(
    source: str | Path = "videophy2",
    *,
    tasks: tuple[str, ...] | None = ("sa", "pc"),
    split: str = "test",
    scale: str | None = None,
    encoding_errors: str = "strict",
) -> pd.DataFrame:
    """Load human ratings, one row a video, annotator and task.

    Parameters
    ----------
    source : str or path
        See the module. ``"hub:videophy2"`` fetches the pinned official file, with captions and actions.
    tasks : tuple of str, optional
        Of ``"sa", "pc", "rule"``; None loads every task. Rule labels are 0 violated, 1 followed, 2 cannot be
        determined; the bundled ones cover a sample of 318 videos.
    split : {"test", "train"}
        For a folder or the hub.
    scale : {"1-5", "0/1"}, optional
        Scale of SA and PC in a table of ours; told from the values when not given.
    encoding_errors : {"strict", "replace"}
        For official files: stop at bytes that are not UTF-8, or put U+FFFD in their place.

    Returns
    -------
    DataFrame
        ``video_id, prompt_id, generator, task, rating``, ``rule_id`` and ``annotator`` where there are any,
        and what belongs to the video or prompt (``is_hard, action, category, states_of_matter, complexity``).

    Raises
    ------
    TableError
        Naming file, row, column and remedy.
    """
    found = resolve_source(source, "numbers", "numbers1", "videophy1", "videophy2", split=split)
    wanted = tasks or ("sa", "pc", "rule")
    if found.form.startswith("numbers"):
        ratings = bundled.make_ratings(found.path, wanted)
    elif found.form in OFFICIAL:
        rows = read_rows(found.path, encoding_errors=encoding_errors)
        ratings = OFFICIAL[found.form].make_ratings(rows, wanted, found.name)
    else:
        ratings = read_table(found.path, "ratings")
        check_user_scale(ratings, scale, found.name)
        ratings = ratings if tasks is None else ratings[ratings["task"].isin(tasks)]
    return check_table(ratings, "ratings", source=found.name)


def check_user_scale(ratings: pd.DataFrame, scale: str | None, source: str) -> None:
    """Check a table of ours against the scale named, or against the one its values tell."""
    if scale is not None and scale not in SCALES:
        raise ValueError(f"scale is {scale!r}; allowed: {', '.join(SCALES)}")
    values = ratings.loc[ratings["task"].isin(("sa", "pc")), "rating"]
    if scale:
        check_scale(ratings, SCALES[scale], source=source)
    elif (values != 1).any():
        infer_scale(ratings, source=source)


def load_scores(
    source: str | Path = "videophy2",
    *,
    on_collision: str = "warn",
    videos: pd.DataFrame | None = None,
    encoding_errors: str = "strict",
) -> pd.DataFrame:
    """Load scores of judges and metrics.

    Parameters
    ----------
    source : str or path
        See the module; ``"videophy2"`` is AutoEval on the test set: 1,635 videos ``ok``, 1,762 ``failed``
        (see the data card). Also a folder that was scored into, whose rows come sorted by their key.
    on_collision : {"warn", "drop", "ignore", "error"}
        What to do when the scores of two generators come from the same files; see
        :func:`videophy_lab.collisions.find_collisions`. It cannot be told here where neither a column nor the
        video_id names the generator; :func:`videophy_lab.agreement` takes the names from the ratings.
    videos : DataFrame, optional
        A videos table whose ``sha256`` tells files with the same bytes.

    Returns
    -------
    DataFrame
        A scores table. With ``on_collision="drop"``, ``.attrs["n_dropped"]`` counts the rows left out.
    """
    stored = folder.find_store(Path(source))
    found = (
        Source(str(source), stored, "store")
        if stored
        else resolve_source(source, "numbers", "autoeval", split="test")
    )
    if found.form == "store":
        # several writers store in the order in which they get on; a sum in another order ends in other digits
        scores = read_scores(found.path).sort_values(list(KEY), ignore_index=True)
    elif found.form == "numbers":
        scores = bundled.make_scores(found.path)
    elif found.form == "autoeval":
        beside = autoeval_scores.find_test_file(found.path)
        test = read_rows(beside, encoding_errors=encoding_errors) if beside else None
        rows = read_rows(found.path, encoding_errors=encoding_errors)
        scores = autoeval_scores.make_scores(rows, found.name, test=test)
    elif found.form == "contract":
        scores = read_table(found.path, "scores")
    else:
        raise TableError(f"{found.name}: there are no scores in it. Remedy: give a scores table.")
    scores = check_table(scores, "scores", source=found.name)
    if not has_names(scores):
        return scores
    return settle_collisions(
        scores, on_collision=on_collision, videos=videos, source=found.name, stacklevel=3
    )


def load_prompts(
    source: str | Path = "videophy2", *, split: str = "test", encoding_errors: str = "strict"
) -> pd.DataFrame:
    """Load prompts; a list of captions (a text file, or a CSV without ``prompt_id``) gets its names here.

    Captions are other people's sentences and are not bundled: from a bundled name ``caption`` is blank. Load
    ``"hub:videophy2"`` or an official file for them; ``prompt_id`` joins the two. ``"simulated"`` gives the
    scenes of the embedded world.
    """
    if str(source) == SIMULATED:
        from videophy_lab.generators.simulated.catalog import make_prompts

        return check_table(make_prompts(), "prompts", source=SIMULATED)
    found = resolve_source(source, "numbers", "numbers1", "videophy1", "videophy2", "upsampled", split=split)
    if found.form.startswith("numbers"):
        prompts = bundled.make_prompts(found.path)
    elif found.form == "contract":
        prompts = read_prompts(found.path)
    else:
        rows = read_rows(found.path, encoding_errors=encoding_errors)
        source_form = OFFICIAL.get(found.form, videophy2)
        prompts = source_form.make_prompts(rows, found.name)
        upsampled = find_upsampled(found, split)
        if upsampled:
            more = name_prompts(read_rows(upsampled, encoding_errors=encoding_errors), str(upsampled))
            prompts = videophy2.fill_upsampled(prompts, more)
    return check_table(prompts, "prompts", source=found.name)


def read_prompts(path: Path) -> pd.DataFrame:
    """Read a prompts table, or captions without names: a column ``caption``, or a text file, one a line."""
    import pandas as pd

    if path.suffix.lower() == ".txt":
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        captions = [line.strip() for line in lines if line.strip()]
        return name_prompts(pd.DataFrame({"caption": list(dict.fromkeys(captions))}), str(path))
    if path.suffix.lower() == ".csv" and "caption" in (rows := read_rows(path)) and "prompt_id" not in rows:
        return name_prompts(rows, str(path))
    return read_table(path, "prompts")


def load_videos(
    source: str | Path = "videophy2", *, split: str = "test", encoding_errors: str = "strict"
) -> pd.DataFrame:
    """Load videos; official files give a ``url`` for :func:`videophy_lab.datasets.download_videos`.

    A folder into which videos were generated or probed gives its own table, with ``status`` and ``error``
    for those that could not be made. Another folder of video files, with a ``captions.csv`` or without, is
    read by :func:`videophy_lab.datasets.folder.make_videos`.
    """
    if is_video_store(source):
        return check_table(read_videos(source), "videos", source=str(source))
    if is_probe_folder(source):
        return read_probed(source)
    if Path(source).is_dir() and folder.list_video_files(Path(source)):
        return check_table(folder.make_videos(Path(source)), "videos", source=str(source))
    found = resolve_source(source, "numbers", "numbers1", "videophy1", "videophy2", split=split)
    if found.form.startswith("numbers"):
        videos = bundled.make_videos(found.path)
    elif found.form in OFFICIAL:
        rows = read_rows(found.path, encoding_errors=encoding_errors)
        videos = OFFICIAL[found.form].make_videos(rows, found.name)
    else:
        videos = read_table(found.path, "videos")
    return check_table(videos, "videos", source=found.name)


def load_rules(
    source: str | Path = "videophy2", *, split: str = "test", encoding_errors: str = "strict"
) -> pd.DataFrame:
    """Load rules with their law in one spelling, and ``origin`` (``listed`` or ``human_added``).

    From the bundled name ``rule`` is blank (sentences are not bundled) and 318 videos are covered.
    """
    found = resolve_source(source, "numbers", "videophy2", split=split)
    if found.form == "numbers":
        rules = bundled.make_rules(found.path)
    elif found.form == "videophy2":
        rows = read_rows(found.path, encoding_errors=encoding_errors)
        rules = videophy2.list_rules(rows, found.name).drop(columns="label")
    elif found.form == "contract":
        rules = read_table(found.path, "rules")
    else:
        raise TableError(f"{found.name}: VideoPhy-1 has no rules. Remedy: load the rules of videophy2.")
    return check_table(rules, "rules", source=found.name)
