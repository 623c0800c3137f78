"""Edits of the picture and words over it: what changes, by how much, and what must not change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.probes.clips import make_frames, measure_psnr
from videophy_lab.metrics.frames import Sharpness
from videophy_lab.probes import overlay, picture
from videophy_lab.probes.settings import How, ProbeOptions
from videophy_lab.video import VideoError

EDITS = [picture.mirror_frames, picture.blank_frames, picture.blur_frames, picture.add_noise,
         picture.compress_frames]  # fmt: skip
LAYERS = [overlay.lay_neutral, overlay.lay_positive, overlay.lay_negative]
GRADES = (0.1, 0.25, 0.5, 0.75, 1.0)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(EDITS), st.integers(1, 4), st.integers(8, 40), st.integers(8, 40), st.integers(0, 99))
def test_every_edit_keeps_shape_and_kind_and_can_be_repeated(edit, count, height, width, draw) -> None:
    frames = np.random.default_rng(draw).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    frames.setflags(write=False)
    how = How(severity=0.5, draw=draw)
    edited = edit(frames, how)
    assert (edited.shape, edited.dtype) == (frames.shape, np.dtype("uint8"))
    np.testing.assert_array_equal(edit(frames, how), edited)


def test_mirrored_twice_is_as_before_and_once_is_not() -> None:
    frames = make_frames()
    once = picture.mirror_frames(frames, How())
    np.testing.assert_array_equal(once[:, :, 0], frames[:, :, -1])
    np.testing.assert_array_equal(picture.mirror_frames(once, How()), frames)


def test_a_blank_video_has_nothing_in_it() -> None:
    assert (picture.blank_frames(make_frames(), How()) == 128).all()


@pytest.mark.parametrize("height", [48, 96])
def test_sharpness_falls_with_the_severity_of_a_blur(height: int) -> None:
    frames = make_frames(4, height, 2 * height)
    measured = [Sharpness().measure(frames)]
    measured += [Sharpness().measure(picture.blur_frames(frames, How(severity=grade))) for grade in GRADES]
    assert measured == sorted(measured, reverse=True)
    assert measured[-1] < measured[0] / 2


def test_a_blur_is_as_strong_in_a_small_video_as_in_a_large_one() -> None:
    # a step of grey in the middle: how far it reaches is a share of the size
    shares = []
    for height in (60, 240):
        step = np.zeros((1, height, height, 3), np.uint8)
        step[:, :, height // 2 :] = 200
        row = picture.blur_frames(step, How(severity=1.0))[0, height // 2, :, 0]
        shares.append(((row > 20) & (row < 180)).sum() / height)
    assert shares[0] == pytest.approx(shares[1], abs=0.02)
    assert shares[0] > 0.03


def test_noise_grows_with_severity_in_the_same_places_and_has_its_size() -> None:
    frames = np.full((3, 64, 64, 3), 128, np.uint8)
    noisy = [picture.add_noise(frames, How(severity=grade, draw=7)).astype(float) - 128 for grade in GRADES]
    spread = [float(part.std()) for part in noisy]
    assert spread == pytest.approx([48 * grade for grade in GRADES], rel=0.05)
    assert all(np.corrcoef(part.ravel(), noisy[-1].ravel())[0, 1] > 0.9 for part in noisy)
    assert not np.array_equal(noisy[0][0], noisy[0][1]), "every frame has noise of its own"
    other = picture.add_noise(frames, How(severity=1.0, draw=8))
    assert not np.array_equal(other, noisy[-1] + 128)


def test_quality_falls_with_the_severity_of_compression() -> None:
    frames = make_frames(6, 64, 96)
    kept = [measure_psnr(frames, picture.compress_frames(frames, How(severity=grade))) for grade in GRADES]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > kept[-1] + 10
    assert [picture.find_crf(How(severity=grade)) for grade in (1e-9, 0.5, 1.0)] == [18, 34, 51]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(("height", "width"), [(96, 128), (135, 241), (480, 640), (1280, 720)])
def test_words_change_the_band_and_nothing_above_it(layer, height: int, width: int) -> None:
    frames = make_frames(3, height, width)
    laid = layer(frames, How())
    changed = np.flatnonzero((laid != frames).any(axis=(0, 2, 3)))
    assert changed.min() > height * 2 / 3 - 1
    assert changed.max() == height - 1
    band = laid[:, changed.min() :]
    assert (band == 255).any()
    dark = frames[:, changed.min() :].astype(float) * overlay.LEFT
    away = band.astype(float) - dark
    assert away.min() > -1, "no pixel of the band is darker than the band"
    letters = (away > 20).any(axis=3)
    assert 0.02 < letters.mean() < 0.4
    np.testing.assert_array_equal(letters[0], letters[-1])


def test_letters_stand_out_from_white_ground_and_are_large_enough() -> None:
    laid = overlay.lay_text(np.full((1, 360, 640, 3), 255, np.uint8), "Words on snow.")[0]
    ink = overlay.draw_words("Words on snow.", 360, 640)
    assert laid[-len(ink) :][ink == 0].max() < 100
    assert laid[-len(ink) :][ink == 1].min() == 255
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    assert 0.035 * 360 < rows.max() - rows.min() + 1 < 0.08 * 360


def test_long_words_get_smaller_and_more_lines_and_then_are_refused() -> None:
    frames = make_frames(1, 144, 192)
    text = "A sentence that says at some length what nobody who looks at a video would need to be told."
    tall = [len(overlay.draw_words(words, 144, 192)) for words in ("Short.", text)]
    assert tall[0] < tall[1] <= 144 / 3
    with pytest.raises(VideoError, match="192×144 pixels are too small to read the 919 characters"):
        overlay.lay_text(frames, " ".join([text] * 10))
    with pytest.raises(VideoError, match="too small"):
        overlay.lay_text(make_frames(1, 24, 32), "A word.")


@pytest.mark.parametrize(("height", "width"), [(64, 96), (96, 64), (65, 97)])
@pytest.mark.parametrize("layer", LAYERS)
def test_small_videos_can_be_written_on_too(layer, height: int, width: int) -> None:
    frames = make_frames(1, height, width)
    changed = np.flatnonzero((layer(frames, How()) != frames).any(axis=(0, 2, 3)))
    assert changed.min() > height * 2 / 3 - 1


@pytest.mark.parametrize("name", ["neutral", "positive", "negative"])
def test_what_cannot_be_written_names_the_option_to_type(name: str) -> None:
    with pytest.raises(VideoError, match=f"-o {name}=WORDS"):
        getattr(overlay, f"lay_{name}")(make_frames(1, 32, 32), How())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"qp": 51}, "qp is 51; allowed: 1 to 50"),
        ({"qp": 0}, "qp is 0; allowed: 1 to 50"),
        ({"block": 0}, "block is 0"),
        ({"blur": 2.0}, "blur is 2.0"),
        ({"noise": 0.0}, "noise is 0.0"),
        ({"fallback_fps": 0.0}, "fallback_fps is 0.0"),
        ({"frozen": "last"}, "frozen is 'last'; allowed: moving, first, middle"),
        ({"neutral": " "}, "neutral has no words"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ProbeOptions(**options)
