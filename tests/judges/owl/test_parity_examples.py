"""Our network against the official evaluator on the 20 official example videos, which stay in ../shared."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.judges.owl.official import (
    FOLDER,
    TASKS,
    TOLERANCE,
    WHOLE,
    decode,
    encode,
    generate,
    load_official,
    load_tokenizer,
    read_arrays,
    read_json,
    read_logits,
)
from videophy_lab.judges.owl.pixels import make_pixels

pytestmark = pytest.mark.usefixtures("shared")
by_id = pytest.mark.parametrize("name", [f"c{number:02}" for number in range(7, 27)])


@cache
def read_cases() -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in read_json("cases.json", WHOLE)["cases"]}


@by_id
def test_pixels_and_video_are_the_same(name):
    case, wanted = read_cases()[name], read_cases()[name]["preprocess"]
    frames = decode(case["video"])
    pixels = make_pixels(frames).numpy()
    assert hashlib.sha256(frames.tobytes()).hexdigest() == wanted["frames_uint8_sha256"]
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == wanted["pixel_values_sha256"]
    pooled = pixels.reshape(3, 32, 4, 56, 4, 56).mean((3, 5))
    np.testing.assert_allclose(pooled, read_arrays("preprocess.npz", WHOLE)[f"{name}_pool4"], atol=1e-5)
    answers = read_arrays("answers.npz", WHOLE)
    np.testing.assert_allclose(encode(case["video"]).vision_mean, answers[f"{name}_vision_mean"], **TOLERANCE)


@by_id
def test_answers_are_the_same(name):
    case, answers = read_cases()[name], read_arrays("answers.npz", WHOLE)
    media = encode(case["video"]).media
    for task in TASKS:
        wanted = case["tasks"][task]
        ids = load_tokenizer().encode_official(wanted["prompt"])
        assert ids == answers[f"{name}_{task}_input_ids"].tolist()
        said, logits = generate(load_official(), ids, media)
        assert [1, *said] == answers[f"{name}_{task}_gen_ids"].tolist()
        assert load_tokenizer().decode(said) == wanted["text"]
        if int(name[1:]) <= 18:  # the fixture has no more logits
            rows = answers[f"{name}_{task}_step_logits"]
            np.testing.assert_allclose(logits[: len(rows)], rows, **TOLERANCE)


def test_videocon_is_the_same():
    stated, arrays = read_json("videocon.json", WHOLE), read_arrays("videocon.npz", WHOLE)
    assert len(stated["cases"]) == 58
    for case in stated["cases"]:
        ids = load_tokenizer().encode_videocon(case["prompt"])
        assert ids == arrays["input_ids"][case["row"]].tolist()
        logits = read_logits(load_official(), ids, encode(case["video"]).media)[case["answer_index"]]
        np.testing.assert_allclose(logits, arrays["answer_logits"][case["row"]], **TOLERANCE)
        yes, _ = logits[[stated["yes_id"], stated["no_id"]]].softmax(0)
        assert float(yes) == pytest.approx(case["score"], abs=1e-5)


@pytest.mark.parametrize("name", ["answers.npz", "stages.npz", "edge.npz"])
def test_golden_arrays_are_the_fixtures_own(name):
    whole, golden = read_arrays(name, WHOLE), read_arrays(name)
    assert len(golden) > 13
    for key, array in golden.items():
        np.testing.assert_array_equal(array, whole[key])


def test_golden_cases_are_the_fixtures_own():
    golden = read_json("cases.json")["cases"]
    assert golden == [case for case in read_cases().values() if case["origin"] == "synthetic"]
    assert read_json("edge.json") == read_json("edge.json", WHOLE)
    for path in (WHOLE / "checkpoint").iterdir():
        assert (FOLDER / "checkpoint" / path.name).read_bytes() == path.read_bytes()
