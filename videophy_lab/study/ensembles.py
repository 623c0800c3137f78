"""Ensembles of scorers: a scores table like any other, made from the scores of several."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.abstention import PredictedDisagreement, predict_disagreement
from videophy_lab.stats.ensembles import (
    LinearFit,
    average_standardised,
    crossfit_ridge,
    fit_ridge,
    measure_spread,
)
from videophy_lab.stats.estimate import FloatArray
from videophy_lab.stats.ridge import BY
from videophy_lab.study.members import MemberScores, collect_members, list_members
from videophy_lab.study.tables import TASKS

METHODS = ("mean", "ridge")
NEW = {"prompt": "new prompts", "generator": "new generators", "both": "new prompts and generators"}
NAMELESS = "its prompt or generator is unknown, so any fit may have seen it"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How members become one score; the options are those of :func:`ensemble`."""

    method: str = "mean"
    by: str = "prompt"
    signs: Mapping[str, int] = field(default_factory=dict)
    value: str = "score"
    n_folds: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for option, given, allowed in (("method", self.method, METHODS), ("by", self.by, BY)):
            if given not in allowed:
                raise ValueError(f"{option}={given!r} is unknown: choose one of {', '.join(allowed)}")

    def name(self) -> str:
        """Name the ensemble."""
        return f"ensemble ridge, {NEW[self.by]}" if self.method == "ridge" else "ensemble mean"

    def list_signs(self, members: Sequence[str]) -> list[int]:
        """List the sign of each member."""
        return [self.signs.get(member, 1) for member in members]

    def score(self, collected: MemberScores) -> FloatArray:
        """Score videos that all members scored; a ridge by fits that did not see them."""
        if self.method == "mean":
            return self.fit(collected).predict(collected.values)
        columns, rng = _read_columns(collected), np.random.default_rng(self.seed)
        return crossfit_ridge(collected.values, *columns, by=self.by, n_folds=self.n_folds, rng=rng).scores

    def fit(self, collected: MemberScores) -> LinearFit:
        """Find the weights on all these videos, for videos to come."""
        if self.method == "mean":
            signs = self.list_signs(collected.members)
            return average_standardised(collected.values, signs=signs, names=collected.members)
        columns, rng = _read_columns(collected), np.random.default_rng(self.seed)
        return fit_ridge(collected.values, *columns, by=self.by, n_folds=self.n_folds, rng=rng)

    def predict_disagreement(self, collected: MemberScores) -> PredictedDisagreement:
        """Predict how far from the human rating each of these videos' scores is."""
        signs = self.list_signs(collected.members)
        return predict_disagreement(
            collected.values if self.method == "ridge" else self.score(collected)[:, None],
            *_read_columns(collected),
            by=self.by,
            n_folds=self.n_folds,
            rng=np.random.default_rng(self.seed),
            spread=measure_spread(collected.values, signs=signs) if len(signs) > 1 else None,
        )


def ensemble(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    members: Sequence[str] | None = None,
    *,
    method: str = "mean",
    by: str = "prompt",
    tasks: Sequence[str] = TASKS,
    name: str = "",
    signs: Mapping[str, int] | None = None,
    value: str = "score",
    n_folds: int = 10,
    abstain: float = 0.0,
    scale: Scale | str | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Make one scorer of several: their mean, or a ridge regression cross-fitted to the ratings.

    Parameters
    ----------
    ratings, scores : DataFrame
        Tables of the contract's form, joined by ``video_id``.
    members : sequence of str, optional
        Scorers; all of the table when not given. A judge joins each task with its answer to it, a metric both
        tasks with its number; ``"scorer:task"`` takes one score of a scorer that has several.
    method : {"mean", "ridge"}
        ``"mean"``: the members, each standardised over the videos that all scored, averaged; no rating is
        used. ``"ridge"``: ratings regressed on the members, in rating units; see
        :func:`videophy_lab.stats.ensembles.crossfit_ridge`, also for its biases.
    by : {"prompt", "generator", "both"}
        For the ridge and for abstaining: a video's score comes from a fit that saw no rating of its prompt,
        of its generator, or of either. Its agreement with humans is then that on new prompts, new
        generators, or both. What is fitted without them: the members' standardisation, the penalty, the
        slopes. One number is common to all videos: the mean of all ratings, which changes no correlation.
    tasks : sequence of {"sa", "pc"}
    name : str
        The scorer's name; by default ``ensemble mean`` or, for example, ``ensemble ridge, new prompts``.
    signs : mapping of member to 1 or −1, optional
        −1 for a member of which less is better, in the mean and in the members' spread; 1 for those not
        named. Signs are never found from ratings; the ridge's coefficients have their own.
    value : {"score", "expected"}
        Which column of the judges' scores is used; a metric has its score.
    n_folds, seed : int
        Number of folds of prompts, and how they are dealt.
    abstain : float
        This share of the videos of each task, those with the largest predicted disagreement, is left
        unscored; see :func:`videophy_lab.study.tabulate_abstention`.

    Returns
    -------
    DataFrame
        Scores with ``video_id, scorer, spec, task, score, status, error``: a row for every task and video
        that is rated or that a member has a row for. Where a member has no usable score the video is
        ``unscored``, and ``error`` names the member.

    Raises
    ------
    ValueError
        For a constant, unknown or ambiguous member; for a ridge with too few prompts or generators.
    """
    recipe = Recipe(method=method, by=by, signs=signs or {}, value=value, n_folds=n_folds, seed=seed)
    if not 0 <= abstain < 1:
        raise ValueError(f"abstain is {abstain}: give a share of the videos, from 0 to below 1")
    parts, content = [], [json.dumps(asdict(recipe) | {"abstain": abstain}, sort_keys=True)]
    for collected in collect_tasks(ratings, scores, members, recipe=recipe, tasks=tasks, scale=scale):
        fitted = method == "ridge" or abstain > 0
        known = leave_out_nameless(collected) if fitted else collected
        usable = known.select(known.complete)
        numbers = pd.Series(recipe.score(usable), index=usable.videos["video_id"])
        parts.append(make_scores(_abstain(known, recipe, abstain) if abstain else known, numbers))
        content.append(_describe_data(known, rated=fitted))
    return join_scores(parts, scores, name=name or recipe.name(), spec=hash_text("\n".join(content)))


def collect_tasks(
    ratings: pd.DataFrame,
    scores: pd.DataFrame,
    members: Sequence[str] | None,
    *,
    recipe: Recipe,
    tasks: Sequence[str],
    scale: Scale | str | None,
) -> Iterator[MemberScores]:
    """Yield, for each task, the members' scores; raise if no video has all, or a sign has no member."""
    strange = [task for task in tasks if task not in TASKS]
    if strange or isinstance(tasks, str) or not tasks:
        raise ValueError(f"tasks are {tasks!r}: give a list of one or both of {', '.join(TASKS)}")
    chosen = list_members(scores) if members is None else members
    wrong = {member: sign for member, sign in recipe.signs.items() if member not in chosen or sign**2 != 1}
    if wrong:
        raise ValueError(f"signs are {wrong}: give 1 or -1 to some of the members {', '.join(chosen)}")
    for task in tasks:
        collected = collect_members(scores, chosen, task, value=recipe.value, ratings=ratings, scale=scale)
        if not collected.complete.any():
            raise ValueError(
                f"no video has a usable score of {task!r} from all of {', '.join(chosen)}; for example "
                f"{collected.videos['video_id'].iloc[0]}: {collected.videos['reason'].iloc[0]}"
            )
        yield collected


def leave_out_nameless(collected: MemberScores) -> MemberScores:
    """Leave out the videos without a prompt or a generator, which no fold can hold out."""
    videos = collected.videos
    nameless = videos.loc[videos[["prompt_id", "generator"]].isna().any(axis=1), "video_id"]
    return collected.leave_out(dict.fromkeys(nameless, NAMELESS))


def _read_columns(collected: MemberScores) -> tuple[FloatArray, np.ndarray, np.ndarray]:
    """Give the ratings, prompts and generators of the videos."""
    videos = collected.videos
    return (
        videos["rating"].to_numpy(dtype=float),
        videos["prompt_id"].to_numpy(dtype=str),
        videos["generator"].to_numpy(dtype=str),
    )


def _abstain(collected: MemberScores, recipe: Recipe, share: float) -> MemberScores:
    """Leave out the share of the usable videos with the largest predicted disagreement."""
    usable = collected.select(collected.complete)
    predicted = pd.Series(recipe.predict_disagreement(usable).predicted, index=usable.videos["video_id"])
    kept = max(1, round((1 - share) * len(predicted)))
    largest = predicted.sort_values(kind="stable")[kept:]
    return collected.leave_out(
        {
            str(video_id): f"abstained: predicted disagreement {number:.3f}, at or above the threshold "
            f"{largest.min():.3f} of the largest {100 * share:g} %"
            for video_id, number in largest.items()
        }
    )


def make_scores(collected: MemberScores, numbers: pd.Series) -> pd.DataFrame:
    """Make the rows of one task; ``numbers`` by video_id count where nothing is missing."""
    usable = collected.complete
    score = collected.videos["video_id"].map(numbers).where(usable)
    return pd.DataFrame(
        {
            "video_id": collected.videos["video_id"],
            "task": collected.task,
            "score": score.astype(float),
            "status": np.where(usable, "ok", "unscored"),
            "error": collected.videos["reason"].where(~usable),
        }
    )


def join_scores(parts: Sequence[pd.DataFrame], scores: pd.DataFrame, *, name: str, spec: str) -> pd.DataFrame:
    """Join the rows of the tasks to a scores table; raise if a scorer already has the name."""
    if scores["scorer"].eq(name).any():
        raise ValueError(f"the scores already have a scorer {name!r}: give the ensemble another name=")
    table = pd.concat(parts, ignore_index=True).assign(scorer=name, spec=spec)
    return table[["video_id", "scorer", "spec", "task", "score", "status", "error"]]


def _describe_data(collected: MemberScores, *, rated: bool) -> str:
    """Describe what a score depends on: members, their settings and values, and, if fitted, the ratings."""
    videos = collected.videos if rated else collected.videos[["video_id"]]
    values = hashlib.sha256(np.ascontiguousarray(collected.values).tobytes()).hexdigest()
    return json.dumps([collected.task, collected.members, collected.specs, videos.to_csv(), values])


def hash_text(text: str) -> str:
    """Hash a text to 12 hex digits, as in other scorers' specs."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
