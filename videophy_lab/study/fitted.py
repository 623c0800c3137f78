"""An ensemble fitted once, to score the videos to come; written and read as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from videophy_lab.schema import Scale
from videophy_lab.stats.ensembles import LinearFit
from videophy_lab.study.ensembles import (
    Recipe,
    collect_tasks,
    hash_text,
    join_scores,
    leave_out_nameless,
    make_scores,
)
from videophy_lab.study.members import MemberScores, collect_members
from videophy_lab.study.tables import TASKS


@dataclass(frozen=True)
class Ensemble:
    """A fitted ensemble, which scores new videos.

    Attributes
    ----------
    name : str
        Its name as a scorer.
    members : tuple of str
    specs : mapping of task to mapping of member to str
        The settings with which the members answered.
    recipe : Recipe
        The options of the fit.
    fits : mapping of task to LinearFit
        Coefficients, intercept, the members' means and standard deviations, penalty, number of videos.
    """

    name: str
    members: tuple[str, ...]
    specs: Mapping[str, Mapping[str, str]]
    recipe: Recipe
    fits: Mapping[str, LinearFit]

    def score(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Score videos from a scores table with the members; on the videos of the fit it flatters itself.

        Returns
        -------
        DataFrame
            As of :func:`videophy_lab.study.ensemble`.

        Raises
        ------
        ValueError
            If a member is missing, or answered with other settings than those of the fit.
        """
        parts = []
        for task, fit in self.fits.items():
            collected = collect_members(scores, self.members, task, value=self.recipe.value)
            self._check_specs(collected)
            numbers = pd.Series(fit.predict(collected.values), index=collected.videos["video_id"])
            parts.append(make_scores(collected, numbers))
        return join_scores(parts, scores, name=self.name, spec=hash_text(self.to_json()))

    def _check_specs(self, collected: MemberScores) -> None:
        """Raise if a member answered with other settings than those of the fit."""
        known = self.specs[collected.task]
        for member, spec in zip(collected.members, collected.specs, strict=True):
            if spec != known[member]:
                raise ValueError(
                    f"{member} answered {collected.task!r} with the spec {spec!r}, the ensemble was fitted "
                    f"with {known[member]!r}: score with the settings of the fit, or fit anew"
                )

    def to_json(self) -> str:
        """Write the ensemble as JSON."""
        return json.dumps(asdict(self), default=np.ndarray.tolist, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Ensemble:
        """Read what :meth:`to_json` wrote; raise ValueError for anything else."""
        try:
            content = json.loads(text)
            content["fits"] = {task: _read_fit(fit) for task, fit in content["fits"].items()}
            recipe = Recipe(**content.pop("recipe"))
            return cls(members=tuple(content.pop("members")), recipe=recipe, **content)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"this is no fitted ensemble ({error}): give the text of to_json()") from error


def _read_fit(fit: Mapping[str, Any]) -> LinearFit:
    """Read one task's weights from JSON."""
    cells: dict[str, Any] = {
        name: np.array(cell) if isinstance(cell, list) else cell for name, cell in fit.items()
    }
    return LinearFit(**cells)


def fit_ensemble(
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
    scale: Scale | str | None = None,
    seed: int = 0,
) -> Ensemble:
    """Fit an ensemble to all rated videos, to score videos that nobody rated.

    Parameters are those of :func:`videophy_lab.study.ensemble`; ``by`` says what is held out when the ridge's
    penalty is chosen, so what is new about the videos to come. How well it will do there is told by the
    agreement of :func:`videophy_lab.study.ensemble` with the same options, not by that of the fit.

    Returns
    -------
    Ensemble
        Named ``ensemble mean, fitted`` or ``ensemble ridge, fitted`` unless told otherwise.
    """
    recipe = Recipe(method=method, by=by, signs=signs or {}, value=value, n_folds=n_folds, seed=seed)
    specs, fits = {}, {}
    for collected in collect_tasks(ratings, scores, members, recipe=recipe, tasks=tasks, scale=scale):
        known = leave_out_nameless(collected) if method == "ridge" else collected
        fits[known.task] = recipe.fit(known.select(known.complete))
        specs[known.task] = dict(zip(known.members, known.specs, strict=True))
    return Ensemble(name or f"ensemble {method}, fitted", known.members, specs, recipe, fits)
