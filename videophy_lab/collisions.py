"""Find scorers that scored one file under two names.

Files of different generators often have the same name. Where a download meets another of its name, one
video is scored for several generators: their scores are then identical for nearly every prompt.
"""

from __future__ import annotations

import itertools
import warnings
from collections import Counter

import numpy as np
import pandas as pd
from scipy import stats

COLUMNS = ["scorer", "spec", "generator_a", "generator_b", "n_shared", "share_identical", "evidence"]
# An honest judge answers alike for two videos of one prompt more often than chance, because the prompt
# matters. AutoEval does so for .27 to .39 of what chance leaves open (SA and PC together, 11 pairs of
# generators with no file in common; SA alone .41 to .66). Scores that hardly ever repeat have no such excess.
HONEST_EXCESS = 0.6
RARE_REPEATS = 0.1
ERROR_RATE = 0.01
ON_COLLISION = ("warn", "drop", "ignore", "error")


class CollisionWarning(UserWarning):
    """Scores of two generators come from the same files."""


def split_video_ids(video_ids: pd.Series) -> pd.DataFrame:
    """Split ``generator/prompt_id/seed`` into columns of those names; NaN where an id has another form."""
    parts = video_ids.str.rsplit("/", n=2, expand=True).reindex(columns=range(3))
    return parts.where(parts[2].notna()).set_axis(["generator", "prompt_id", "seed"], axis=1)


def has_names(scores: pd.DataFrame) -> bool:
    """Tell whether generator and prompt of every score are known, from columns or from its video_id."""
    columns = {"generator", "prompt_id"} <= set(scores.columns)
    return columns or bool(split_video_ids(scores["video_id"])["seed"].notna().all())


def add_names(scores: pd.DataFrame) -> pd.DataFrame:
    """Add ``generator``, ``prompt_id`` and ``unit`` (prompt and seed), from columns or else from video_id."""
    parts = split_video_ids(scores["video_id"])
    if parts["seed"].isna().any() and not {"generator", "prompt_id"} <= set(scores.columns):
        first = scores.loc[parts["seed"].isna(), "video_id"].iloc[0]
        raise ValueError(
            f"the video_id {first!r} is not generator/prompt_id/seed; add the columns generator and prompt_id"
        )
    generator = scores.get("generator", parts["generator"])
    prompt = scores.get("prompt_id", parts["prompt_id"])
    named = pd.DataFrame({"video_id": scores["video_id"], "generator": generator, "prompt_id": prompt})
    order = named.drop_duplicates("video_id").sort_values("video_id")
    seeds = order.groupby(["generator", "prompt_id"]).cumcount().astype(str).set_axis(order["video_id"])
    unit = prompt.astype(str) + "/" + parts["seed"].fillna(scores["video_id"].map(seeds)).astype(str)
    return scores.assign(generator=generator, prompt_id=prompt, unit=unit)


def pivot_values(scores: pd.DataFrame) -> pd.DataFrame:
    """Turn one scorer's scores into one row a video (generator, unit), one column a task, probe and value."""
    usable = scores[scores["status"] == "ok"] if "status" in scores.columns else scores
    if "rule_id" in usable.columns:
        usable = usable[usable["rule_id"].isna()]
    probe = usable["probe"].fillna("") if "probe" in usable.columns else ""
    values = [name for name in ("score", "expected") if name in usable.columns]
    usable = usable.assign(probe=probe)
    wide = usable.pivot_table(
        index=["generator", "unit"], columns=["task", "probe"], values=values, aggfunc="first", dropna=False
    )
    return wide.dropna(axis=0, how="all").dropna(axis=1, how="all")


def compare_rows(first: pd.DataFrame, second: pd.DataFrame) -> np.ndarray:
    """Tell for each row whether the two are equal wherever both have a value, and both have one somewhere."""
    a, b = first.to_numpy(dtype=float), second.to_numpy(dtype=float)
    both = ~np.isnan(a) & ~np.isnan(b)
    equal = ((a == b) | ~both).all(axis=1)
    return np.asarray(both.any(axis=1) & equal)


def honest_agreement(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Compute how often an honest scorer may answer alike: chance from the marginals, and the prompt's share.

    Returns
    -------
    float
        1 where both are constant.
    """
    signatures = [part.fillna(np.inf).apply(tuple, axis=1) for part in (first, second)]
    shares = [part.value_counts(normalize=True) for part in signatures]
    chance = float(shares[0].mul(shares[1], fill_value=0.0).sum())
    repeats = np.mean([part.duplicated(keep=False).mean() for part in signatures])
    return chance + (HONEST_EXCESS * (1 - chance) if repeats > RARE_REPEATS else 0.0)


def is_collision(n_identical: int, n_shared: int, honest: float, n_pairs: int) -> bool:
    """Decide whether an honest scorer would hardly ever agree that often (one-sided binomial, Bonferroni)."""
    return bool(stats.binom.sf(n_identical - 1, n_shared, honest) < ERROR_RATE / n_pairs)


def compare_generators(scores: pd.DataFrame, threshold: float, min_shared: int) -> list[tuple[object, ...]]:
    """List the pairs of generators whose scores by one scorer are identical for nearly all shared prompts."""
    values = pivot_values(scores)
    if values.empty:
        return []
    tables = {name: part.droplevel("generator") for name, part in values.groupby(level="generator")}
    pairs = list(itertools.combinations(sorted(tables), 2))
    found: list[tuple[object, ...]] = []
    for a, b in pairs:
        shared = tables[a].index.intersection(tables[b].index)
        if len(shared) < min_shared:
            continue
        first, second = tables[a].loc[shared], tables[b].loc[shared]
        identical = compare_rows(first, second)
        if identical.mean() < threshold:
            continue
        if is_collision(int(identical.sum()), len(shared), honest_agreement(first, second), len(pairs)):
            found.append((a, b, len(shared), float(identical.mean()), "scores"))
    return found


def compare_files(table: pd.DataFrame) -> list[tuple[object, ...]]:
    """List the pairs of generators that have videos with the same bytes."""
    videos = add_names(table[table["sha256"].notna()]).drop_duplicates("video_id")
    videos = videos[videos.duplicated("sha256", keep=False)]
    counts = Counter(
        tuple(sorted(pair))
        for _, same in videos.groupby("sha256")
        for pair in itertools.combinations(same["generator"], 2)
    )
    return [(*pair, count, 1.0, "sha256") for pair, count in counts.items()]


def find_collisions(
    scores: pd.DataFrame,
    videos: pd.DataFrame | None = None,
    *,
    threshold: float = 0.95,
    min_shared: int = 10,
) -> pd.DataFrame:
    """Find pairs of generators whose scores, or whose files, are the same.

    Parameters
    ----------
    scores : DataFrame
        A scores table; ``generator`` and ``prompt_id`` are taken from columns, else from ``video_id``. All
        tasks and probes of a scorer count together; scores of single rules are not looked at.
    videos : DataFrame, optional
        A videos table; its ``sha256`` (and that of ``scores``) tells files with the same bytes.
    threshold : float
        Share of the shared prompts whose scores must be identical.
    min_shared : int
        Fewer shared prompts prove nothing.

    Returns
    -------
    DataFrame
        ``scorer, spec, generator_a, generator_b, n_shared, share_identical, evidence``. Evidence ``scores``:
        number of shared prompts and the identical share of them. Evidence ``sha256``: number of pairs of
        videos with one sha256; scorer and spec are blank.

    Notes
    -----
    A constant scorer is identical everywhere and is not reported: the number of identical prompts must lie
    beyond the binomial of an honest scorer, which agrees by the chance of the marginals and for 0.6 of the
    rest because the prompt is the same; the error rate is 0.01 over all pairs of a scorer.
    """
    rows: list[tuple[object, ...]] = []
    if len(scores):
        for (scorer, spec), part in add_names(scores).groupby(["scorer", "spec"], sort=True):
            rows += [(scorer, spec, *pair) for pair in compare_generators(part, threshold, min_shared)]
    for table in (scores, videos):
        if table is not None and "sha256" in table.columns:
            rows += [(None, None, *pair) for pair in compare_files(table)]
    return pd.DataFrame(rows, columns=COLUMNS).drop_duplicates(ignore_index=True)


def describe_collisions(collisions: pd.DataFrame) -> str:
    """Say in one line a scorer which generators share which files."""
    lines = []
    for (scorer, evidence), part in collisions.groupby(["scorer", "evidence"], dropna=False, sort=False):
        names = ", ".join(sorted({*part["generator_a"], *part["generator_b"]}))
        if evidence == "sha256":
            lines.append(
                f"{int(part['n_shared'].sum())} pairs of videos have the same sha256 (generators {names})"
            )
        else:
            low = part["share_identical"].min()
            lines.append(
                f"{scorer}: the scores of {names} are identical for at least {low:.1%} of shared prompts"
            )
    return "; ".join(lines) + ": the same file was scored under two names"


def warn_collisions(
    collisions: pd.DataFrame,
    *,
    remedy: str = "pass on_collision='drop' to keep only what is certain",
    stacklevel: int = 2,
) -> None:
    """Warn with a :class:`CollisionWarning` that names the generators, if there are collisions."""
    if len(collisions):
        warnings.warn(
            f"{describe_collisions(collisions)}; {remedy}", CollisionWarning, stacklevel=stacklevel + 1
        )


def find_identical_videos(scores: pd.DataFrame, pairs: pd.DataFrame) -> set[str]:
    """Find the videos of colliding generators whose scores are those of the other for the same prompt."""
    names = scores.drop_duplicates(["generator", "unit"]).set_index(["generator", "unit"])["video_id"]
    values = pivot_values(scores)
    tables = {name: part.droplevel("generator") for name, part in values.groupby(level="generator")}
    identical: set[str] = set()
    for a, b in zip(pairs["generator_a"], pairs["generator_b"], strict=True):
        shared = tables[a].index.intersection(tables[b].index)
        same = shared[compare_rows(tables[a].loc[shared], tables[b].loc[shared])]
        identical |= {names[generator, unit] for generator in (a, b) for unit in same}
    return identical


def drop_collisions(
    scores: pd.DataFrame, collisions: pd.DataFrame, videos: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, int]:
    """Keep only the scores that are certain to belong to their video.

    For each prompt where colliding generators have identical scores, the rows of all of them are dropped:
    nothing tells whose file was scored. A prompt that only one of them has is kept. Of videos with one sha256
    all are dropped.

    Returns
    -------
    scores : DataFrame
    n_dropped : int
        Number of rows dropped.
    """
    named = add_names(scores) if len(scores) else scores
    dropped = pd.Series(False, index=scores.index)
    by_scores = collisions[collisions["evidence"] == "scores"]
    for (scorer, spec), pairs in by_scores.groupby(["scorer", "spec"]):
        mine = (scores["scorer"] == scorer) & (scores["spec"] == spec)
        dropped |= mine & scores["video_id"].isin(find_identical_videos(named[mine], pairs))
    if (collisions["evidence"] == "sha256").any():
        for table in (scores, videos):
            if table is not None and "sha256" in table.columns:
                files = table[table["sha256"].notna()].drop_duplicates("video_id")
                dropped |= scores["video_id"].isin(
                    files.loc[files.duplicated("sha256", keep=False), "video_id"]
                )
    return scores[~dropped].reset_index(drop=True), int(dropped.sum())


def settle_collisions(
    scores: pd.DataFrame,
    *,
    on_collision: str = "warn",
    videos: pd.DataFrame | None = None,
    source: str = "scores",
    stacklevel: int = 2,
) -> pd.DataFrame:
    """Look for collisions and warn of them, drop what is uncertain, stop, or look away.

    Parameters
    ----------
    on_collision : {"warn", "drop", "ignore", "error"}

    Returns
    -------
    DataFrame
        The scores. After ``"drop"``, which warns too, ``.attrs["n_dropped"]`` counts the rows left out.

    Raises
    ------
    ValueError
        With ``"error"`` and a collision, or for another ``on_collision``.
    """
    if on_collision not in ON_COLLISION:
        raise ValueError(f"on_collision must be one of {', '.join(ON_COLLISION)}; not {on_collision!r}")
    if on_collision == "ignore":
        return scores
    collisions = find_collisions(scores, videos)
    if on_collision == "error" and len(collisions):
        raise ValueError(
            f"{source}: {describe_collisions(collisions)}. Score them again under file names that carry the "
            "generator, or pass on_collision='drop'"
        )
    if on_collision == "warn":
        warn_collisions(collisions, stacklevel=stacklevel + 1)
        return scores
    kept, n_dropped = drop_collisions(scores, collisions, videos)
    kept.attrs["n_dropped"] = n_dropped
    remedy = f"{n_dropped} of {len(scores)} scores are left out as uncertain"
    warn_collisions(collisions, remedy=remedy, stacklevel=stacklevel + 1)
    return kept
