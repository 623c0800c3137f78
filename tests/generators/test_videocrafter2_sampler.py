"""The sampler of VideoCrafter2 against its formulas, the original, and diffusers' DDIM."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler

from tests.generators.videocrafter2_cases import GOLDEN
from videophy_lab.generators.videocrafter2_sampler import compute_alphas, compute_scales, plan_steps


def test_the_tables_are_those_of_the_training() -> None:
    alphas, scales = compute_alphas(), compute_scales()
    assert len(alphas) == len(scales) == 1000
    assert alphas[0] == pytest.approx(1 - 0.00085)
    assert scales[[0, 399, 400, 999]].tolist() == [1, 0.7, 0.7, 0.7]
    assert scales[200] == pytest.approx(1 - 0.3 * 200 / 399)


@pytest.mark.parametrize(("steps", "eta"), [(50, 1.0), (8, 0.4), (20, 0.0)])
def test_every_step_is_the_formula_in_double_precision(steps: int, eta: float) -> None:
    """DDIM, equation 12 of arXiv 2010.02502, for a latent in which the picture is multiplied by a factor."""
    draws = np.random.default_rng(1)
    roots = [0.00085**0.5 + (0.012**0.5 - 0.00085**0.5) * k / 999 for k in range(1000)]
    clean = np.multiply.accumulate([1 - root * root for root in roots])
    factor = [1 - 0.3 * min(k, 399) / 399 for k in range(1000)]
    planned = plan_steps(steps, eta, compute_alphas(), compute_scales())
    assert [step.level for step in planned] == [1 + 1000 // steps * k for k in reversed(range(steps))]
    for number, step in enumerate(planned):
        t = step.level
        s = planned[number + 1].level if number + 1 < steps else 0
        x, e, fresh = draws.standard_normal((3, 2, 4))
        x0 = (x - (1 - clean[t]) ** 0.5 * e) / clean[t] ** 0.5 / factor[t]
        variance = eta**2 * (1 - clean[s]) / (1 - clean[t]) * (1 - clean[t] / clean[s])
        wanted = clean[s] ** 0.5 * factor[s] * x0 + (1 - clean[s] - variance) ** 0.5 * e
        wanted = wanted + variance**0.5 * fresh
        np.testing.assert_allclose(step.take(x, e, fresh), wanted, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("steps", "eta"), [(50, 1.0), (20, 0.0)])
def test_whole_runs_end_where_those_of_the_original_end(steps: int, eta: float) -> None:
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(1, 4, 2, 3, 3, generator=generator)
    for step in plan_steps(steps, eta, compute_alphas(), compute_scales()):
        seen = torch.tanh(latents) * np.cos(step.level / 100)
        predicted = (seen - 0.2) + 3.0 * ((seen + 0.1) - (seen - 0.2))
        latents = step.take(latents, predicted, torch.randn(latents.shape, generator=generator))
    golden = np.load(GOLDEN / "outputs.npz")[f"sampled_{steps}_{eta:g}"]
    np.testing.assert_allclose(latents.numpy(), golden, rtol=2e-5, atol=2e-4)


def test_without_the_factor_it_is_the_ddim_of_diffusers() -> None:
    theirs = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    theirs.set_timesteps(50)
    planned = plan_steps(50, 1.0, compute_alphas(), np.ones(1000))
    assert [step.level for step in planned] == theirs.timesteps.tolist()
    draws = torch.Generator().manual_seed(2)
    for step in planned:
        x, e, fresh = torch.randn(3, 2, 4, generator=draws)
        wanted = theirs.step(e, step.level, x, eta=1.0, variance_noise=fresh).prev_sample
        torch.testing.assert_close(step.take(x, e, fresh), wanted, rtol=1e-5, atol=1e-5)


def test_the_factor_matters_where_it_changes() -> None:
    x, e, fresh = np.random.default_rng(2).standard_normal((3, 2, 4))
    scaled = plan_steps(50, 1.0, compute_alphas(), compute_scales())
    plain = plan_steps(50, 1.0, compute_alphas(), np.ones(1000))
    for ours, theirs in zip(scaled, plain, strict=True):
        apart = np.abs(ours.take(x, e, fresh) - theirs.take(x, e, fresh)).max()
        assert apart < 1e-12 if ours.level > 420 else apart > 1e-3


@pytest.mark.parametrize("steps", [0, -5, 3, 30, 1000])
def test_steps_that_the_noise_levels_cannot_be_parted_into_are_refused(steps: int) -> None:
    with pytest.raises(ValueError, match=rf"steps is {steps}\. Allowed: 1, 2, 4, 5, 8, .*50.*500\."):
        plan_steps(steps, 1.0, compute_alphas(), compute_scales())
