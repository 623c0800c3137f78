"""How long is waited between attempts, by the numbers of the options."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.bad_server import BadServer
from tests.llm.made_models import PROVIDERS, make_model, make_requests
from videophy_lab.llm import ANSWERED
from videophy_lab.llm.patience import Pacer, Patience, Trouble
from videophy_lab.llm.standing import CallError, Standing


def make_patience(rng: np.random.Generator, **options: float) -> Patience:
    given = {"attempts": 6, "timeout": 9.0, "backoff": 1.0, "longest_wait": 20.0}
    return Patience(**given | options, pacer=Pacer(), standing=Standing("p", "m", "V"), rng=rng)


@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (5, 16.0), (6, 20.0), (9, 20.0)]
)
def test_waits_double_to_the_longest_and_differ(
    failures: int, longest: float, rng: np.random.Generator
) -> None:
    patience = make_patience(rng)
    waits = [patience.choose_wait(failures, Trouble("busy", passing=True)) for _ in range(500)]
    assert longest / 2 <= min(waits) < 0.53 * longest
    assert 0.97 * longest < max(waits) <= longest


def test_a_server_is_obeyed_and_not_by_all_at_once(rng: np.random.Generator) -> None:
    patience = make_patience(rng)
    for asked, most in ((0.0, 0.0), (0.4, 0.6), (7.0, 7.5), (20.0, 20.5)):
        waits = [patience.choose_wait(1, Trouble("busy", passing=True, wait=asked)) for _ in range(200)]
        assert asked <= min(waits) <= max(waits) <= most
        assert len(set(waits)) == (200 if asked else 1)
    with pytest.raises(CallError, match="asks to wait 21 s, and longest_wait is 20 s"):
        patience.choose_wait(1, Trouble("busy", passing=True, wait=21.0))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_waits_are_waited(provider: str, tmp_path: Path) -> None:
    with BadServer([["500", "cut", "429", "good"]]) as server:
        model = make_model(server, provider, tmp_path, backoff=0.2)
        assert model.ask(make_requests(1, provider))[0].status == ANSWERED
    gaps = np.diff([call.began for call in server.calls])
    assert (gaps >= [0.1, 0.2, 0.4]).all()
    assert math.fsum(gaps) < 5
