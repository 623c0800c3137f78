"""What tests of the simulated world share."""

from __future__ import annotations

import os
from functools import cache

import pytest

from videophy_lab.generators.simulated.render import check_rendering


@cache
def find_obstacle() -> str:
    """Say why nothing can be drawn here; empty where it can."""
    try:
        check_rendering()
    except ImportError as error:
        return str(error)
    return ""


@pytest.fixture
def needs_rendering() -> None:
    """Skip a test where there is no OpenGL; where everything must be there, fail."""
    why = find_obstacle()
    if why and os.environ.get("CI"):
        pytest.fail(why)
    if why:
        pytest.skip(why)
