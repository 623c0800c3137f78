"""A fitted ensemble on videos to come, and as text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import videophy_lab as lab
from tests.study.made_world import draw_world, read_wide
from videophy_lab import study
from videophy_lab.schema import check_table


def test_a_fitted_ensemble_scores_new_videos_and_survives_json(rng):
    ratings, scores = draw_world(rng)
    old = set(sorted(scores["video_id"].unique())[:80])
    seen = scores["video_id"].isin(old)
    rated = ratings[ratings["video_id"].isin(old)]
    for method in ("mean", "ridge"):
        fitted = lab.fit_ensemble(rated, scores[seen], method=method, signs={"flicker": -1})
        again = study.Ensemble.from_json(fitted.to_json())
        assert again.to_json() == fitted.to_json()
        found = again.score(scores[~seen])
        pd.testing.assert_frame_equal(found, fitted.score(scores[~seen]))
        check_table(found, "scores")
        assert (len(found), set(found["scorer"])) == (80, {f"ensemble {method}, fitted"})
        truth = ratings[ratings["task"].eq("sa")].set_index("video_id")["rating"]
        of_new = read_wide(found, f"ensemble {method}, fitted", "sa")
        assert np.corrcoef(of_new, truth[of_new.index])[0, 1] > 0.6
        # by hand, from the fields
        fit = fitted.fits["sa"]
        tasks = {"careful": "sa", "flicker": "flicker", "hasty": "sa"}
        assert fitted.members == tuple(tasks)
        members = [read_wide(scores[~seen], member, task) for member, task in tasks.items()]
        weights = fit.coefficients / fit.sds
        by_hand = fit.intercept + sum(
            w * (m - mean) for w, m, mean in zip(weights, members, fit.means, strict=True)
        )
        np.testing.assert_allclose(of_new, by_hand, atol=1e-12)
    with pytest.raises(ValueError, match=r"careful answered 'sa' with the spec 'v2', the ensemble .* 'v1'"):
        fitted.score(scores.assign(spec="v2"))
    with pytest.raises(ValueError, match="no scorer 'flicker'"):
        fitted.score(scores[scores["scorer"].ne("flicker")])


def test_a_video_without_a_prompt_changes_no_ridge_and_counts_in_a_mean(rng):
    ratings, scores = draw_world(rng)
    strange = scores[scores["video_id"].eq("alpha/p000/0")].assign(video_id="clip.mp4", score=99.0)
    both = pd.concat([scores, strange], ignore_index=True)
    for method, more in (("ridge", 0), ("mean", 1)):
        without, fit = (
            lab.fit_ensemble(ratings, table, method=method).fits["sa"] for table in (scores, both)
        )
        assert fit.n == without.n + more
        assert np.array_equal(fit.means, without.means) == (more == 0)
        assert np.array_equal(fit.coefficients, without.coefficients)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"fits": {}, "recipe": {"colour": 1}}'])
def test_what_is_no_ensemble_is_said(text):
    with pytest.raises(ValueError, match="this is no fitted ensemble"):
        study.Ensemble.from_json(text)
