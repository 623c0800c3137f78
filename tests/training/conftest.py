"""One training of a tiny AutoEval on planted answers, for all who look at what it left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.judges.owl_cases import CHECKPOINT
from tests.training.planted import FAST, FRAMES, write_tables
from videophy_lab.training import Outcome, train_judge


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """Run on one thread: networks this small gain nothing by more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def still_one_thread(one_thread) -> None:
    """Set it again: what statistics compile shares its threads with torch, and sets their number anew."""
    torch.set_num_threads(1)


@dataclass(frozen=True)
class Trained:
    """A training and what it was given."""

    ratings: Path
    videos: Path
    rules: Path
    outcome: Outcome

    @property
    def folder(self) -> Path:
        return self.outcome.folder


@pytest.fixture(scope="package")
def planted(tmp_path_factory) -> tuple[Path, Path, Path]:
    return write_tables(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="package")
def trained(planted, tmp_path_factory) -> Trained:
    ratings, videos, rules = planted
    torch.set_num_threads(1)
    outcome = train_judge(
        ratings, videos, base=CHECKPOINT, out=tmp_path_factory.mktemp("run"), rules=rules, settings=FAST,
        options=FRAMES, device="cpu", progress=False,
    )  # fmt: skip
    return Trained(ratings, videos, rules, outcome)
