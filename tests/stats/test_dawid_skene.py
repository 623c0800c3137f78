"""The model of Dawid and Skene against crowd-kit, the paper's example and planted errors."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.fetv import read_alignment
from videophy_lab.stats.aggregation import aggregate_ratings
from videophy_lab.stats.dawid_skene import fit_dawid_skene

_ = np.nan


def _read(name):
    with open(GOLDEN / "dawid_skene" / name, newline="") as file:
        return np.array([[float(value) for value in row[1:]] for row in list(csv.reader(file))[1:]])


def test_the_papers_patients_equal_crowd_kit():
    fit = fit_dawid_skene(_read("ratings.csv"))
    assert fit.settled
    np.testing.assert_allclose(fit.probabilities, _read("probabilities.csv"), atol=1e-5)
    np.testing.assert_array_equal(
        fit.most_likely(), 1 + _read("probabilities.csv").argmax(axis=1).astype(float)
    )


def test_fetv_equals_crowd_kit_run_to_its_end(shared):
    """crowd-kit stops at a share of .4964 by its own rule; run on for 1,500 steps it gives this one."""
    fit = fit_dawid_skene(read_alignment())
    assert np.mean(fit.most_likely() >= 4) == pytest.approx(0.5004038772213247, abs=1e-12)


def test_nothing_makes_the_ratings_likelier(rng):
    """At the maximum, moving any error rate or the prevalence lowers the likelihood, item by item."""
    truth = rng.integers(1, 4, size=400)
    ratings = np.where(rng.random((400, 4)) < 0.7, truth[:, None], rng.integers(1, 4, (400, 4))) + 0.0
    ratings[rng.random((400, 4)) < 0.2] = np.nan
    fit = fit_dawid_skene(ratings)

    def likelihood(prevalence, confusion):
        total = 0.0
        for item in ratings:
            by_value = [
                share
                * np.prod(
                    [confusion[a, true, int(given) - 1] for a, given in enumerate(item) if given == given]
                )
                for true, share in enumerate(prevalence)
            ]
            total += np.log(sum(by_value)) if (item == item).any() else 0.0
        return total

    best = likelihood(fit.prevalence, fit.confusion)
    assert best == pytest.approx(fit.log_likelihood, abs=1e-8)
    for _draw in range(20):
        prevalence = fit.prevalence * np.exp(0.05 * rng.normal(size=3))
        confusion = fit.confusion * np.exp(0.05 * rng.normal(size=fit.confusion.shape))
        moved = likelihood(prevalence / prevalence.sum(), confusion / confusion.sum(axis=2, keepdims=True))
        assert moved < best


def test_planted_errors_are_found(rng):
    """Twenty simulations: an annotator who calls most 1s a 2, beside three who err rarely."""
    planted = np.array([[0.3, 0.7, 0.0], [0.05, 0.9, 0.05], [0.0, 0.1, 0.9]])
    careful = np.array([[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.0, 0.1, 0.9]])
    found, right, voted = [], [], []
    for _run in range(20):
        truth = rng.choice(3, p=[0.5, 0.3, 0.2], size=600)
        ratings = np.column_stack(
            [
                1.0 + (rng.random((600, 1)) > np.cumsum(errors[truth], axis=1)).sum(axis=1).clip(max=2)
                for errors in (planted, planted, careful, careful)
            ]
        )
        fit = fit_dawid_skene(ratings)
        found.append(fit.confusion[0, 0, 0])
        right.append(np.mean(fit.most_likely() == truth + 1))
        voted.append(np.mean(aggregate_ratings(ratings, how="mode") == truth + 1))
    # 300 items a run tell a rate of .3 with a standard error of .026, or .006 over the runs
    assert abs(np.mean(found) - 0.3) < 0.025
    assert np.min(np.subtract(right, voted)) > -0.01
    assert np.mean(np.subtract(right, voted)) > 0


def test_unrated_items_and_values_that_nobody_saw():
    fit = fit_dawid_skene([[1, 1, _], [_, _, _], [5, 5, _], [5, _, _]])
    np.testing.assert_array_equal(fit.most_likely(), [1, _, 5, 5])
    assert np.isnan(fit.probabilities[1]).all()
    assert np.isnan(fit.confusion[2]).all()
    np.testing.assert_allclose(fit.prevalence, [1 / 3, 2 / 3])
    empty = fit_dawid_skene(np.full((2, 3), np.nan))
    assert np.isnan(empty.most_likely()).all()
    assert not empty.settled
