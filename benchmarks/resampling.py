"""Time 10,000 prompt-clustered resamples against a good pandas and SciPy loop, both in one run.

The job: 590 prompts × 7 generators = 4,130 videos, 12 columns (2 five-level ratings, 10 scores). The full
Spearman matrix, and Kendall's τ-b of the 2 ratings with the 10 scores, in every resample of prompts.

    python benchmarks/resampling.py [--draws 200] [--rounds 3]

The loops are timed on ``--draws`` of the resamples and scaled up; ours runs all of them. Rounds alternate the
two sides, so that a busy machine slows both; the ratio of a round is taken within it.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

# A fresh cache makes the first call compile, so that its time can be told. Numba reads this when imported.
CACHE = tempfile.TemporaryDirectory()
os.environ["NUMBA_CACHE_DIR"] = CACHE.name

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from scipy import stats  # noqa: E402

from videophy_lab.stats.resampling import bootstrap_kendall, bootstrap_spearman, draw_weights  # noqa: E402

N_PROMPTS, N_GENERATORS, N_RATINGS, N_SCORES = 590, 7, 2, 10
N_RESAMPLES = 10_000

Loop = Callable[[pd.DataFrame, list[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Timing:
    """Seconds of wall clock and of processor, and what was computed."""

    wall: float
    cpu: float
    result: np.ndarray


def measure(call: Callable[[], np.ndarray]) -> Timing:
    """Time one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu, result)


def make_videos(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Make ratings and scores that share a quality of the prompt and of the video."""
    prompts = np.repeat(np.arange(N_PROMPTS), N_GENERATORS)
    quality = rng.normal(size=N_PROMPTS)[prompts] + rng.normal(size=prompts.size)
    columns = 0.5 * quality[:, None] + rng.normal(size=(prompts.size, N_RATINGS + N_SCORES))
    columns[:, :N_RATINGS] = np.digitize(columns[:, :N_RATINGS], [-1.0, 0.0, 0.7, 1.4]) + 1
    return pd.DataFrame(columns), prompts


def correlate_by_pandas(videos: pd.DataFrame, draws: list[np.ndarray]) -> np.ndarray:
    """Loop over resamples with iloc and DataFrame.corr."""
    return np.array([videos.iloc[rows].corr("spearman").to_numpy() for rows in draws])


def correlate_by_spearmanr(videos: pd.DataFrame, draws: list[np.ndarray]) -> np.ndarray:
    """Loop over resamples with scipy.stats.spearmanr on the matrix."""
    matrix = videos.to_numpy()
    return np.array([stats.spearmanr(matrix[rows]).statistic for rows in draws])


def correlate_by_rankdata(videos: pd.DataFrame, draws: list[np.ndarray]) -> np.ndarray:
    """Loop over resamples with scipy.stats.rankdata and numpy.corrcoef."""
    matrix = videos.to_numpy()
    return np.array([np.corrcoef(stats.rankdata(matrix[rows], axis=0), rowvar=False) for rows in draws])


def correlate_by_kendalltau(videos: pd.DataFrame, draws: list[np.ndarray]) -> np.ndarray:
    """Loop over resamples and pairs of columns with scipy.stats.kendalltau."""
    columns = np.ascontiguousarray(videos.to_numpy().T)
    taus = np.empty((len(draws), N_RATINGS, N_SCORES))
    for draw, rows in enumerate(draws):
        drawn = columns[:, rows]
        for a in range(N_RATINGS):
            for b in range(N_SCORES):
                taus[draw, a, b] = stats.kendalltau(drawn[a], drawn[N_RATINGS + b]).statistic
    return taus


def compare(
    title: str,
    ours: Callable[[np.ndarray], np.ndarray],
    loops: dict[str, Loop],
    videos: pd.DataFrame,
    weights: np.ndarray,
    row_draws: list[np.ndarray],
    n_rounds: int,
) -> None:
    """Run both sides in alternation and print seconds, ratios, and the largest difference."""
    first = measure(lambda: ours(weights[:1]))
    print(f"\n{title}\n  first call, with compilation: {first.wall:.1f} s")
    scale = len(weights) / len(row_draws)
    ratios: dict[str, list[tuple[float, float]]] = {name: [] for name in loops}
    for round_number in range(1, n_rounds + 1):
        mine = measure(lambda: ours(weights))
        print(
            f"  round {round_number}, ours on {len(weights):,} draws: {mine.wall:.2f} s, CPU {mine.cpu:.2f} s"
        )
        for name, loop in loops.items():
            theirs = measure(lambda loop=loop: loop(videos, row_draws))
            difference = np.abs(theirs.result - mine.result[: len(row_draws)]).max()
            ratios[name].append((theirs.wall * scale / mine.wall, theirs.cpu * scale / mine.cpu))
            print(
                f"    {name}: {theirs.wall * scale:.1f} s wall, {theirs.cpu * scale:.1f} s CPU, scaled from "
                f"{len(row_draws)} draws; largest difference {difference:.1e}"
            )
    for name, pairs in ratios.items():
        wall, cpu = np.median(pairs, axis=0)
        print(f"  {name} / ours, median of rounds: {wall:.0f}× wall, {cpu:.0f}× CPU")
    least = min(np.median(pairs, axis=0)[0] for pairs in ratios.values())
    print(f"  against the fastest loop: {least:.0f}× wall")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=200, help="resamples on which the loops are timed")
    parser.add_argument("--rounds", type=int, default=3, help="how often the sides alternate")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    videos, prompts = make_videos(rng)
    columns = videos.to_numpy()
    weights = draw_weights(N_PROMPTS, N_RESAMPLES, rng=rng)
    rows_of_prompt = [np.flatnonzero(prompts == prompt) for prompt in range(N_PROMPTS)]
    row_draws = [
        np.concatenate([rows_of_prompt[prompt] for prompt in np.repeat(np.arange(N_PROMPTS), weight)])
        for weight in weights[: options.draws]
    ]
    print(
        f"{len(videos):,} videos, {N_PROMPTS} prompts, {N_RESAMPLES:,} resamples; {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, NumPy {np.__version__}, pandas {pd.__version__}"
    )
    compare(
        "Spearman 12 × 12",
        lambda w: bootstrap_spearman(columns, prompts, w),
        {
            "pandas iloc + corr": correlate_by_pandas,
            "scipy.stats.spearmanr": correlate_by_spearmanr,
            "scipy.stats.rankdata + numpy.corrcoef": correlate_by_rankdata,
        },
        videos,
        weights,
        row_draws,
        options.rounds,
    )
    compare(
        "Kendall τ-b 2 × 10",
        lambda w: bootstrap_kendall(columns[:, :N_RATINGS], columns[:, N_RATINGS:], prompts, w),
        {"scipy.stats.kendalltau": correlate_by_kendalltau},
        videos,
        weights,
        row_draws,
        options.rounds,
    )


if __name__ == "__main__":
    main()
