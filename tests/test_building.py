"""Scorers from their names and options."""

from __future__ import annotations

import pytest

from tests.engine.scorers import Brightness
from videophy_lab.building import build_scorers
from videophy_lab.judges.sentinels import Constant, Random


def test_names_become_scorers_under_their_own_or_another_name() -> None:
    built = build_scorers(["constant", "low=constant", "sharpness"], {"low.pc": 1})
    assert list(built) == ["constant", "low", "sharpness"]
    assert built["constant"] == Constant()
    assert built["low"] == Constant(pc=1)
    assert list(build_scorers("constant")) == ["constant"]
    assert list(build_scorers(["mine = constant"])) == ["mine"]
    assert build_scorers({"mine": "random"})["mine"] == Random()


def test_a_scorer_that_is_an_object_stays_as_it_is() -> None:
    scorer = Brightness(frames=2)
    assert build_scorers([scorer])["brightness"] is scorer
    assert build_scorers({"a": scorer, "b": "constant"}, {"b.sa": 5})["a"] is scorer


def test_text_becomes_of_the_options_kind() -> None:
    built = build_scorers(["random"], {"seed": "7"})
    assert built["random"] == Random(seed=7)


def test_an_option_for_one_wins_over_one_for_all() -> None:
    built = build_scorers(["constant", "low=constant"], {"low.pc": "1", "pc": "2"})
    assert (built["constant"].pc, built["low"].pc) == (2, 1)


@pytest.mark.parametrize(
    ("scorers", "options", "message"),
    [
        (["konstant"], {}, "Did you mean constant"),
        (["constant", "constant"], {}, "named twice"),
        ([], {}, "no scorer is named"),
        (["random"], {"sed": "1"}, "Did you mean seed"),
        (["random", "constant"], {"constant.seed": "1"}, "Allowed: random: seed; constant: sa, pc, rule"),
        (["random"], {"seed": "many"}, "random.seed is 'many'"),
        (["autoeval", "videocon_physics"], {"checkpoint": "x"}, "autoeval.checkpoint=… or videocon"),
        ({"mine ": "constant"}, {}, "begins or ends with a blank; write 'mine'"),
        (["autoeval"], {"dtype": "fp8"}, "dtype is 'fp8'. Allowed: 'auto', 'bf16'"),
    ],
)
def test_what_cannot_be_is_said_with_the_remedy(
    scorers: list[str], options: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build_scorers(scorers, options)
