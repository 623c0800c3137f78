"""Fixtures that every test may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
GOLDEN = Path(__file__).parent / "golden"
# the same examples in every run, and no limit to their time, which a loaded machine would exceed
settings.load_profile("ci")


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs that tests start, also where this run itself is deaf to it.

    A shell starts what runs in its background with SIGINT ignored, and so does what that starts.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def shared() -> Path:
    """Give the folder of real benchmark data that lies beside the checkout, or skip."""
    if not (SHARED / "data" / "README.md").exists():
        pytest.skip("the folder ../shared with the original data is not here; golden data covers the rest")
    return SHARED


@pytest.fixture(scope="session")
def needs_rendering() -> None:
    """Skip a test where there is no OpenGL; where everything must be there, fail."""
    from videophy_lab.generators.simulated.render import check_rendering

    try:
        check_rendering()
    except ImportError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture
def rng() -> np.random.Generator:
    """Give a generator with a fixed seed."""
    return np.random.default_rng(20260101)


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close every figure a test opened."""
    yield
    import sys

    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
