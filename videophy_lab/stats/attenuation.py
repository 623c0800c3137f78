"""Correct a correlation for the unreliability of what was correlated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from videophy_lab.stats.estimate import Estimate


def correct_attenuation(r: Estimate, *, reliability_x: float, reliability_y: float = 1.0) -> Estimate:
    """Estimate what the correlation would be between error-free columns.

    Parameters
    ----------
    r : Estimate
        The observed correlation.
    reliability_x, reliability_y : float
        Share of true variance in each column, above 0 and up to 1: ICC(2, k) of the raters' mean, test–retest
        of a judge. It must be of the same level as ``r``: a pooled reliability is too high for a correlation
        within generators.

    Returns
    -------
    Estimate
        ``r``/√(reliability_x·reliability_y) and the interval scaled likewise, ``_disattenuated`` added to the
        method. Values beyond ±1 are kept: they say that the reliability is too low for this ``r``, or the
        sample too small. The interval takes the reliabilities as known.

    Raises
    ------
    ValueError
        If a reliability is outside (0, 1].

    Notes
    -----
    Spearman 1904, *Am. J. Psychol.* 15, 72–101.
    """
    for name, reliability in (("reliability_x", reliability_x), ("reliability_y", reliability_y)):
        if not 0 < reliability <= 1:
            raise ValueError(
                f"{name}={reliability} is outside (0, 1]: a correlation cannot be corrected by a reliability "
                "that is zero, negative or unknown; report it uncorrected"
            )
    scale = 1 / np.sqrt(reliability_x * reliability_y)
    return replace(
        r,
        estimate=float(r.estimate * scale),
        low=float(r.low * scale),
        high=float(r.high * scale),
        method=f"{r.method}_disattenuated",
    )
