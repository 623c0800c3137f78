"""Sentences about judges under probes claim no more than is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.study.made_probes import draw_answers, make_probed, make_scores
from videophy_lab import study

EDITS = ("", "reencode", "reverse", "repeat_1")
ROW = {"quantity": "paired_auc", "scorer": "judge", "n_ties": 0}


def make_reversal(**classes: tuple[float, float, float, int]) -> pd.DataFrame:
    """Make a table of estimates, ``class=(estimate, low, high, n_pairs)``."""
    rows = [
        ROW | {"class": name, "estimate": estimate, "low": low, "high": high, "n_pairs": n}
        for name, (estimate, low, high, n) in classes.items()
    ]
    table = pd.DataFrame(rows)
    contrast = table["class"].eq("contrast")
    return table.assign(
        quantity=table["quantity"].mask(contrast, "auc_contrast"),
        **{"class": table["class"].mask(contrast, "irreversible − reversible")},
    )


FORWARD = (0.86, 0.52, 0.97, 7)


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (
            {"irreversible": FORWARD, "reversible": (1.0, 0.3, 1, 3), "contrast": (-0.14, -0.5, 0.5, 10)},
            "prefers forward films, but that it minds the reversal of irreversible videos more than that of "
            "reversible ones is not shown",
        ),
        ({"irreversible": FORWARD, "reversible": (0.5, 0.3, 0.7, 3)}, "it prefers forward films, but"),
        (
            {"irreversible": FORWARD, "reversible": (0.5, 0.4, 0.6, 20), "contrast": (0.36, 0.1, 0.5, 27)},
            "20 reversible videos: it sees the direction of time.",
        ),
        (
            {"irreversible": FORWARD},
            "it sees the direction of time, but without reversible videos it is not known whether it minds "
            "reversal as such",
        ),
        ({"irreversible": (0.6, 0.4, 0.8, 7)}, "that it sees the direction of time is not shown"),
        ({"irreversible": (0.1, 0.0, 0.4, 7)}, "it likes irreversible videos better backwards"),
        ({"not known": (0.9, 0.6, 1.0, 7)}, "no video is labelled irreversible, so nothing is shown"),
    ],
)
def test_the_direction_of_time_is_seen_only_where_reversible_videos_differ(classes, said):
    table = make_reversal(**classes)
    assert said in study.say_reversal(table, pd.DataFrame(), scorer="judge", name="J")


def test_nothing_compared_is_said():
    videos = make_probed(n_prompts=4, n_seeds=1, edits=EDITS)
    mute = study.pair_with_null(make_scores(videos, "mute", np.full(len(videos), np.nan)), videos)
    told = study.say_reversal(study.estimate_reversal(mute), mute, scorer="mute", name="Mute")
    assert told == "Mute scored no video both forwards and reversed."
    same = videos.assign(sha256=videos["video_id"])
    pairs = study.pair_with_null(make_scores(videos, "judge", np.full(len(videos), 3.0)), same)
    told = study.say_reversal(study.estimate_reversal(pairs), pairs, scorer="judge", name="J")
    assert told == "J: no reversed video can be compared with its forward version."


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([[]], "0 of 1 judge shows a fault, on 12 videos of 12 prompts under 3 probes."),
        ([["unsteady"]], "1 of 1 judge shows a fault, on"),
        ([[], []], "0 of 2 judges show a fault, on"),
        ([["unsteady"], []], "1 of 2 judges shows a fault, on"),
        ([["unsteady"], ["unsteady"]], "2 of 2 judges show a fault, on"),
    ],
)
def test_the_number_of_judges_agrees(rng, faults, said):
    videos = make_probed(n_prompts=12, n_seeds=1, edits=EDITS)
    scores = [draw_answers(videos, rng, scorer=f"j{k}", faults=planted) for k, planted in enumerate(faults)]
    pairs = study.pair_with_null(pd.concat(scores), videos)
    found = study.name_faults(pairs)
    assert study.say_accused(found, pairs, unit="prompt").startswith(said)


@pytest.mark.parametrize(
    ("edits", "source", "end"),
    [
        (["repeat_1"], "% is due to asking again; ", "asking again has a variance of"),
        # without a repeat wording cannot be told from chance
        (["caption_paraphrase_1"], "", ""),
        (
            ["repeat_1", "caption_paraphrase_1"],
            "due to asking again; ",
            "wording and asking again together have a variance of",
        ),
    ],
)
def test_a_variance_is_that_of_what_was_asked(rng, edits, source, end):
    videos = make_probed(n_prompts=12, n_seeds=1, edits=("", "reencode", *edits))
    pairs = study.pair_with_null(draw_answers(videos, rng, faults=["unsteady", "wording"]), videos)
    told = study.say_noise(study.estimate_retest(pairs), scorer="judge", name="J")
    assert f"{source}{end}" in told
    assert bool(told) == bool(end)
    nothing = study.pair_with_null(draw_answers(videos[:24], rng), videos[videos["probe"].isin(EDITS[:2])])
    assert study.say_noise(study.estimate_retest(nothing), scorer="judge", name="J") == ""
