"""Words on a darkened band at the bottom of every frame; nothing above the band is touched."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from videophy_lab.probes.settings import How
from videophy_lab.video import VideoError

WHITE = 255
# what is left of the light behind the words: enough to see what goes on there, too little to hide them
LEFT = 0.35
# of the height: letters at first, and the most that the band may take
LETTERS, MOST = 0.055, 1 / 3
# pixels: what letters are at least where there is room, and what they are in small videos; smaller ones
# cannot be read
SMALL, SMALLEST = 9, 7
LEADING = 1.25


def lay_neutral(frames: np.ndarray, how: How) -> np.ndarray:
    """Lay a sentence over the video that has nothing to do with it."""
    return lay_text(frames, how.options.neutral, "neutral")


def lay_positive(frames: np.ndarray, how: How) -> np.ndarray:
    """Lay the claim over the video that physics is obeyed."""
    return lay_text(frames, how.options.positive, "positive")


def lay_negative(frames: np.ndarray, how: How) -> np.ndarray:
    """Lay the claim over the video that physics is broken."""
    return lay_text(frames, how.options.negative, "negative")


def lay_text(frames: np.ndarray, text: str, option: str = "neutral") -> np.ndarray:
    """Write white words over a darkened band at the bottom of every frame.

    Letters are 5.5 % of the height and at least 9 pixels, or smaller (not below 7 pixels) where the words
    would take more than a third of the height.

    Parameters
    ----------
    frames : array of uint8, shape (frames, height, width, 3)
    text : str
    option : {"neutral", "positive", "negative"}
        The option that gives the text, for the error.

    Raises
    ------
    VideoError
        The frames are too small for these words.
    """
    try:
        ink = draw_words(text, *frames.shape[1:3])
    except VideoError as error:
        raise VideoError(
            f"{error}. Remedy: give a shorter text (-o {option}=WORDS), which all videos then get, larger "
            "videos, or leave that probe out"
        ) from None
    laid = frames.copy()
    for frame in laid:
        behind = frame[-len(ink) :].astype(np.float32) * np.float32(LEFT)
        frame[-len(ink) :] = np.rint(behind + ink[..., None] * (WHITE - behind)).astype(np.uint8)
    return laid


@cache
def draw_words(text: str, height: int, width: int) -> np.ndarray:
    """Draw the words of a band.

    Returns
    -------
    array of float32, shape (height of the band, width)
        From 0 to 1, where a letter is.

    Raises
    ------
    VideoError
        There is no room for them.
    """
    from PIL import Image, ImageDraw

    for size in range(max(SMALL, round(LETTERS * height)), SMALLEST - 1, -1):
        font = load_font(size)
        lines = break_lines(text, font, width - size)
        step = round(LEADING * size)
        tall = len(lines) * step + size // 2
        if lines and tall <= MOST * height:
            band = Image.new("L", (width, tall), 0)
            pen = ImageDraw.Draw(band)
            for place, line in enumerate(lines):
                left = (width - font.getlength(line)) / 2
                pen.text((left, size // 4 + place * step), line, fill=WHITE, font=font)
            return np.asarray(band, dtype=np.float32) / np.float32(WHITE)
    raise VideoError(
        f"frames of {width}×{height} pixels are too small to read the {len(text)} characters of the overlay"
    )


def break_lines(text: str, font: Any, width: float) -> list[str]:
    """Break words into lines of at most a width; none where a word is wider."""
    lines: list[str] = []
    for word in text.split():
        if font.getlength(word) > width:
            return []
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@cache
def load_font(size: int) -> Any:
    """Load DejaVu Sans, which comes with Matplotlib, in pixels."""
    import matplotlib
    from PIL import ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    # the basic layout is the same with and without the library for complex scripts
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
