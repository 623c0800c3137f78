"""Generators by human ratings: rates with intervals, slices, paired comparisons, ranks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.schema.references import list_references
from videophy_lab.stats.estimate import Estimate
from videophy_lab.stats.means import cluster_mean_estimate, cluster_rate_estimate, rate_estimate
from videophy_lab.stats.power import minimum_detectable_difference
from videophy_lab.stats.ranking import PairwiseComparisons, compare_pairs, rank_groups, rank_intervals
from videophy_lab.study.tables import make_estimates, make_row, pivot_ratings

QUANTITIES = {"joint": "joint", "mean_sa": "sa", "mean_pc": "pc"}
ALL_GENERATORS = "(all)"


def leaderboard(
    ratings: pd.DataFrame,
    *,
    slices: str | Sequence[str] | None = None,
    rules: pd.DataFrame | None = None,
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate joint, mean SA and mean PC of every generator in every slice.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table.
    slices : sequence of str, optional
        ``"all"``, ``"hard"`` (needs ``is_hard``), ``"law"`` (needs ``rules``), or the name of any extra
        column of the ratings, such as ``"category"`` or ``"action"``: one slice for each of its values. By
        default all and, where ``is_hard`` is known, hard.
    rules : DataFrame, optional
        A rules table with ``video_id`` or ``prompt_id``, and ``law``.
    scale : Scale, optional
        Inferred from the ratings when not given.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    DataFrame
        Estimates with ``slice, generator``, ``n_missing`` (videos of the slice without the rating) and, for
        joint, ``n_success``.
        ``joint`` has two rows, method ``wilson`` (videos independent) and ``wilson_cluster`` (prompts
        independent); they agree where every prompt has one video. Means are on the ratings' own scale.
        The rows of generator ``(all)`` pool all videos.
    """
    videos = pivot_ratings(ratings, scale=scale)
    if slices is None:
        slices = ["all", "hard"] if "is_hard" in videos.columns else ["all"]
    rows = []
    for name, members in slice_videos(videos, [slices] if isinstance(slices, str) else slices, rules=rules):
        for generator, of_generator in _by_generator(members):
            for quantity, column in QUANTITIES.items():
                rated = of_generator.dropna(subset=[column])
                counts = {"n_missing": len(of_generator) - len(rated)}
                if quantity == "joint":
                    counts["n_success"] = int(rated[column].sum())
                for estimate in _estimate(rated, column, confidence):
                    rows.append(make_row(estimate, quantity, slice=name, generator=generator) | counts)
    return make_estimates(rows)


def slice_videos(
    videos: pd.DataFrame, slices: Sequence[str], *, rules: pd.DataFrame | None = None
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the videos of every slice asked for.

    Blank values of a column form no slice; a video with several laws belongs to several slices.
    """
    for name in slices:
        if name == "all":
            yield "all", videos
        elif name == "hard":
            _need_column(videos, "is_hard", "hard")
            yield "hard", videos[_read_hard(videos["is_hard"])]
        elif name == "law":
            if rules is None:
                raise ValueError("the slice 'law' needs rules=; load them with load_rules(...)")
            key = "video_id" if "video_id" in rules.columns else "prompt_id"
            for law, of_law in rules.dropna(subset=["law"]).groupby("law"):
                yield f"law: {law}", videos[videos[key].isin(of_law[key])]
        else:
            _need_column(videos, name, name)
            for value, of_value in videos.groupby(name):
                yield f"{name}: {value}", of_value


def _read_hard(is_hard: pd.Series) -> pd.Series:
    """Read ``is_hard`` as true or false; blank is false."""
    words = is_hard.fillna(0).astype(str).str.lower().str.removesuffix(".0")
    unknown = words[~words.isin(["0", "1", "true", "false"])]
    if len(unknown):
        raise ValueError(f"is_hard holds {unknown.iloc[0]!r}; write 1 or 0, or leave it blank")
    return words.isin(["1", "true"])


def _need_column(videos: pd.DataFrame, column: str, name: str) -> None:
    if column not in videos.columns:
        raise ValueError(
            f"the slice {name!r} needs the column {column!r}, which these ratings lack; "
            f"they have {', '.join(videos.columns)}"
        )


def _by_generator(videos: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for generator, of_generator in videos.groupby("generator"):
        yield str(generator), of_generator
    yield ALL_GENERATORS, videos


def _estimate(rated: pd.DataFrame, column: str, confidence: float) -> list[Estimate]:
    values, prompts = rated[column].to_numpy(dtype=float), rated["prompt_id"].to_numpy(dtype=str)
    if column != "joint":
        return [cluster_mean_estimate(values, prompts, level=confidence)]
    return [
        rate_estimate(values == 1, prompts, level=confidence),
        cluster_rate_estimate(values == 1, prompts, level=confidence),
    ]


def compare_generators(
    ratings: pd.DataFrame,
    *,
    quantity: str = "joint",
    slice: str = "all",
    exclude: Sequence[str] = (),
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Compare every pair of generators on the prompts they share, with Holm's correction.

    Parameters
    ----------
    ratings : DataFrame
        A ratings table.
    quantity : {"joint", "mean_sa", "mean_pc"}
        What is compared: exact McNemar for the joint label (one video a prompt), else paired t.
    slice : str
        ``"all"`` or ``"hard"``.
    exclude : sequence of str
        Generators that may not be tested here, such as the one whose failures selected the hard subset. On
        ``"hard"``, those that the ratings' column ``hard_reference`` names never are.

    Returns
    -------
    DataFrame
        Estimates ``difference_<quantity>`` with ``slice, generator_a, generator_b``, the ``test`` and its
        ``p_value, p_holm``. The interval is the paired t-test's over the ``n_prompts`` shared prompts.
    """
    exclude = _list_excluded(ratings, slice, exclude)
    names, comparisons, videos = _compare(ratings, quantity, slice, exclude, scale, confidence)
    rated = videos.dropna(subset=[QUANTITIES[quantity]])
    rows = []
    for index, (first, second) in enumerate(zip(comparisons.first, comparisons.second, strict=True)):
        pair = names[first], names[second]
        estimate = Estimate(
            float(comparisons.difference[index]),
            float(comparisons.low[index]),
            float(comparisons.high[index]),
            confidence,
            "paired_t",
            _count_shared_videos(rated, *pair),
            int(comparisons.n_shared[index]),
        )
        groups = {"slice": slice, "generator_a": pair[0], "generator_b": pair[1]}
        tested = {
            "test": comparisons.method,
            "p_value": float(comparisons.p_value[index]),
            "p_holm": float(comparisons.p_holm[index]),
        }
        rows.append(make_row(estimate, f"difference_{quantity}", **groups) | tested)
    return make_estimates(rows, groups=("slice", "generator_a", "generator_b", "test", "p_value", "p_holm"))


def _count_shared_videos(rated: pd.DataFrame, first: str, second: str) -> int:
    """Count the rated videos of two generators on the prompts that both have."""
    of_first, of_second = (rated.loc[rated["generator"].eq(name), "prompt_id"] for name in (first, second))
    return int(of_first.isin(of_second).sum() + of_second.isin(of_first).sum())


def rank_generators(
    ratings: pd.DataFrame,
    *,
    quantity: str = "joint",
    slice: str = "all",
    exclude: Sequence[str] = (),
    scale: Scale | str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Rank generators, with the ranks and groups that the paired comparisons support.

    Returns
    -------
    DataFrame
        One row a generator, best first: ``slice, generator``, the estimate with its interval (prompts are the
        independent units) and counts, ``rank`` (of the estimate), ``rank_low`` and ``rank_high``
        (simultaneous, from Holm-adjusted paired comparisons), NA for an excluded or unrated generator, and
        ``group``: generators that share a letter do not differ significantly.
    """
    exclude = _list_excluded(ratings, slice, exclude)
    names, comparisons, videos = _compare(ratings, quantity, slice, exclude, scale, confidence)
    column = QUANTITIES[quantity]
    rows = []
    for generator in names:
        rated = videos[videos["generator"].eq(generator)].dropna(subset=[column])
        estimate = _estimate(rated, column, confidence)[-1]
        rows.append(make_row(estimate, quantity, slice=slice, generator=generator))
    table = make_estimates(rows)
    low, high = rank_intervals(comparisons, len(names))
    tested = table["estimate"].where(~table["generator"].isin(exclude))
    table["rank"] = tested.rank(ascending=False, method="min").astype("Int64")
    table["rank_low"], table["rank_high"] = low, high
    order = np.argsort(-table["estimate"].to_numpy(), kind="stable")
    table["group"] = rank_groups(comparisons, order)
    return table.iloc[order].reset_index(drop=True)


def _list_excluded(ratings: pd.DataFrame, slice: str, exclude: str | Sequence[str]) -> list[str]:
    """List who may not be tested: those excluded and, on the hard subset, whoever chose it."""
    named = [exclude] if isinstance(exclude, str) else list(exclude)
    return named + [name for name in list_references(ratings) if slice == "hard" and name not in named]


def _compare(
    ratings: pd.DataFrame,
    quantity: str,
    slice: str,
    exclude: Sequence[str],
    scale: Scale | str | None,
    confidence: float,
) -> tuple[list[str], PairwiseComparisons, pd.DataFrame]:
    if quantity not in QUANTITIES:
        raise ValueError(f"quantity must be one of {', '.join(QUANTITIES)}; not {quantity!r}")
    videos = pivot_ratings(ratings, scale=scale)
    names = sorted(videos["generator"].unique())
    ((_, videos),) = slice_videos(videos, [slice])
    column = QUANTITIES[quantity]
    matrix = videos.pivot_table(index="prompt_id", columns="generator", values=column, aggfunc="mean")
    matrix = matrix.reindex(columns=names)
    unknown = sorted(set(exclude) - set(names))
    if unknown:
        raise ValueError(f"exclude names {', '.join(unknown)}; the generators are {', '.join(names)}")
    comparisons = compare_pairs(
        matrix.to_numpy(),
        binary=quantity == "joint" and not videos.duplicated(["prompt_id", "generator"]).any(),
        level=confidence,
        exclude=tuple(names.index(name) for name in exclude),
    )
    return names, comparisons, videos


def tabulate_detectable_differences(
    ratings: pd.DataFrame, *, scale: Scale | str | None = None, power: float = 0.8, confidence: float = 0.95
) -> pd.DataFrame:
    """Tabulate the smallest difference in joint that the prompts two generators share could have shown.

    Returns
    -------
    DataFrame
        ``generator_a, generator_b, n_prompts, correlation`` (φ of the two joint labels over shared prompts),
        ``detectable_difference`` for one comparison and ``detectable_difference_holm`` for the strictest
        step over all pairs; shares, not per cent. Undefined (NaN) where a prompt has several videos of one
        generator, and where all labels are equal.
    """
    videos = pivot_ratings(ratings, scale=scale)
    matrix = videos.pivot_table(index="prompt_id", columns="generator", values="joint", aggfunc="mean")
    one_video = not videos.duplicated(["prompt_id", "generator"]).any()
    names = list(matrix.columns)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    rows = []
    for first, second in pairs:
        shared = matrix[[first, second]].dropna()
        phi = shared[first].corr(shared[second]) if (shared.nunique() > 1).all() else np.nan
        rate = float(shared.to_numpy().mean()) if len(shared) else np.nan
        options = {"correlation": 0.0 if np.isnan(phi) else float(phi), "power": power, "level": confidence}
        one, many = (
            minimum_detectable_difference(rate, len(shared), n_comparisons=number, **options)
            if 0 < rate < 1 and one_video
            else np.nan
            for number in (1, len(pairs))
        )
        rows.append((first, second, len(shared), phi, one, many))
    columns = ["generator_a", "generator_b", "n_prompts", "correlation"]
    return pd.DataFrame(rows, columns=[*columns, "detectable_difference", "detectable_difference_holm"])
