"""Take group means out of values: by prompt, by generator, or by both at once, also under prompt weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from videophy_lab.stats.estimate import FloatArray, IntArray, encode_clusters

# A remainder this small beside the largest value is the rounding of zero.
ROUNDING = 1e-13
# The smallest eigenvalue, relative to the largest, of generators' normal equations that counts as one.
RANK_TOLERANCE = 1e-10


def centre(
    values: ArrayLike, *, prompts: ArrayLike | None = None, generators: ArrayLike | None = None
) -> FloatArray:
    """Subtract the means of prompts, of generators, or the best-fitting sum of both.

    Parameters
    ----------
    values : (n,) or (n, k) float
        One row a video; no missing values.
    prompts, generators : (n,), optional
        The groups whose means are taken out; with neither, the overall mean is.

    Returns
    -------
    Same shape as ``values``, float64
        With both, the residuals of a two-way additive fit, which is the limit of subtracting prompt means
        and generator means in turn. A remainder within rounding of 0 is exactly 0.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or the numbers of values and labels differ.

    Notes
    -----
    Both at once: after subtracting prompt means, least squares on the equally demeaned generator
    indicators (Frisch & Waugh 1933; Abowd, Kramarz & Margolis 1999, for groups that are not all connected).
    The minimum-norm solution makes the residuals unique in any design.
    """
    matrix = np.asarray(values, dtype=np.float64)
    n_rows = len(matrix)
    n_bad = int((~np.isfinite(matrix)).sum())
    if n_bad:
        raise ValueError(f"{n_bad} of {matrix.size} values are missing or infinite: drop those rows first")
    if n_rows == 0:
        return matrix.copy()
    design = Design.build(
        np.zeros(n_rows) if prompts is None else prompts,
        np.zeros(n_rows) if generators is None else generators,
    )
    if design.n_rows != n_rows:
        raise ValueError(
            f"{n_rows} values but {design.n_rows} prompts or generators: give every row its group"
        )
    by_prompt = prompts is not None
    by_generator = generators is not None or not by_prompt
    columns = matrix.reshape(n_rows, -1).T[:, design.order]
    weights = np.ones((1, design.n_prompts), np.int64)
    centred = design.centre_draws(columns, weights, by_prompt=by_prompt, by_generator=by_generator)
    restored = np.empty_like(centred)
    restored[:, design.order] = centred
    return restored.T.reshape(matrix.shape)


def group_mean(values: ArrayLike, groups: ArrayLike) -> FloatArray:
    """Give every row the mean of its group: as a judge, what knowing only the group would score.

    Parameters
    ----------
    values : (n,) float
        NaN makes its group's mean NaN.
    groups : (n,)

    Returns
    -------
    (n,) float64
    """
    numbers, codes = _read_groups(values, groups)
    means: FloatArray = np.bincount(codes, numbers)[codes] / np.bincount(codes)[codes]
    return means


def leave_one_out_mean(values: ArrayLike, groups: ArrayLike) -> FloatArray:
    """Give every row the mean of the other rows of its group; NaN where there is none.

    Parameters and result are those of :func:`group_mean`.
    """
    numbers, codes = _read_groups(values, groups)
    others = np.bincount(codes)[codes] - 1
    sums = np.bincount(codes, numbers)[codes] - numbers
    undefined = np.full(len(numbers), np.nan)
    means: FloatArray = np.divide(sums, others, out=undefined, where=others > 0)
    return means


def _read_groups(values: ArrayLike, groups: ArrayLike) -> tuple[FloatArray, IntArray]:
    """Check that every value has a group; give float values and group codes."""
    numbers = np.asarray(values, dtype=np.float64)
    codes, _ = encode_clusters(np.asarray(groups))
    if numbers.shape != codes.shape:
        raise ValueError(f"values has shape {numbers.shape}, groups {codes.shape}: give one group a value")
    return numbers, codes


@dataclass(frozen=True)
class Design:
    """Which row belongs to which prompt and generator, rows sorted by prompt.

    Attributes
    ----------
    order : (n,) int64
        The given row that stands at each place after sorting by prompt.
    starts : (P + 1,) int64
        The first sorted row of each prompt, and n.
    prompts, generators : (n,) int64
        Codes of the sorted rows.
    """

    order: IntArray
    starts: IntArray
    prompts: IntArray
    generators: IntArray

    @classmethod
    def build(cls, prompts: ArrayLike, generators: ArrayLike) -> Design:
        """Code the groups and sort the rows by prompt."""
        prompt_codes, n_prompts = encode_clusters(np.asarray(prompts))
        generator_codes, _ = encode_clusters(np.asarray(generators))
        if len(prompt_codes) != len(generator_codes):
            raise ValueError(
                f"{len(prompt_codes)} prompts but {len(generator_codes)} generators: give one of each a row"
            )
        order = np.argsort(prompt_codes, kind="stable").astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(np.bincount(prompt_codes, minlength=n_prompts))])
        return cls(order, starts.astype(np.int64), prompt_codes[order], generator_codes[order])

    @property
    def n_rows(self) -> int:
        """Number of videos."""
        return len(self.order)

    @property
    def n_prompts(self) -> int:
        """Number of prompts."""
        return len(self.starts) - 1

    @cached_property
    def indicators(self) -> FloatArray:
        """(n, k) 1 where the row is the generator's, else 0."""
        return np.eye(int(self.generators.max()) + 1)[self.generators]

    @cached_property
    def shares(self) -> FloatArray:
        """(P, k) share of each generator in each prompt's rows."""
        return np.add.reduceat(self.indicators, self.starts[:-1], axis=0) / np.diff(self.starts)[:, None]

    def demean_by_prompt(self, values: FloatArray) -> FloatArray:
        """Subtract the prompt means of ``values`` (B, n); a prompt's rows weigh alike, so weights cancel."""
        means = np.add.reduceat(values, self.starts[:-1], axis=1) / np.diff(self.starts)
        demeaned: FloatArray = values - means[:, self.prompts]
        return demeaned

    def centre_draws(
        self, values: FloatArray, weights: IntArray, *, by_prompt: bool, by_generator: bool
    ) -> FloatArray:
        """Centre each row of ``values`` with the prompt weights of its draw.

        Parameters
        ----------
        values : (B, n) or (1, n) float
            Columns are videos sorted by prompt.
        weights : (B, P) or (1, P) int
            How often each prompt counts; what a prompt of weight 0 gets is of no meaning.

        Returns
        -------
        (B, n) float64
        """
        centred = self.demean_by_prompt(values) if by_prompt else values
        if by_generator:
            centred = centred - self._fit_generators(centred, weights, by_prompt=by_prompt)
        noise = ROUNDING * np.abs(values).max(axis=1, keepdims=True)
        return np.where(np.abs(centred) > noise, centred, 0.0)

    def _fit_generators(self, values: FloatArray, weights: IntArray, *, by_prompt: bool) -> FloatArray:
        """Fit ``values`` (B, n) by generator effects, themselves demeaned by prompt if the values are."""
        sums = (values * weights[:, self.prompts]) @ self.indicators
        sizes = np.diff(self.starts)[:, None] * self.shares
        totals = weights @ sizes
        if not by_prompt:
            effects = np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)
            return effects[:, self.generators]
        within = (sizes[:, :, None] * self.shares[:, None, :]).reshape(len(sizes), -1)
        n_generators = sizes.shape[1]
        normal = totals[:, :, None] * np.eye(n_generators)
        normal -= (weights @ within).reshape(-1, n_generators, n_generators)
        inverse = np.linalg.pinv(normal, rcond=RANK_TOLERANCE, hermitian=True)
        effects = np.einsum("bkl,bl->bk", inverse, sums)
        fitted: FloatArray = effects[:, self.generators] - (effects @ self.shares.T)[:, self.prompts]
        return fitted
