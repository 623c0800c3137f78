"""Which sizes a network can make, and how much work a video is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """What of a network decides the sizes that it makes, and how long that takes.

    Attributes
    ----------
    parameters : float
        Of the transformer, those that one step runs.
    layers, hidden : int
        Blocks with attention over all of the video, and the width of it.
    frames_step : int
        The number of frames is a multiple of it, and one more.
    side_step : int
        Height and width are multiples of it.
    token : tuple of int
        Frames, rows and columns of pixels that one token stands for.
    """

    parameters: float
    layers: int
    hidden: int
    frames_step: int
    side_step: int
    token: tuple[int, int, int]

    def check_frames(self, frames: int) -> None:
        """Check the number of frames; raise ValueError that names the nearest that can be made."""
        step = self.frames_step
        if frames < 1 or frames % step != 1:
            near = list_near(frames - 1, step, least=0)
            raise ValueError(
                f"frames is {frames}; this network makes a multiple of {step} and one more. Allowed: "
                f"{' or '.join(str(number + 1) for number in near)} are the nearest."
            )

    def check_side(self, name: str, side: int) -> None:
        """Check a height or a width; raise ValueError that names the nearest that can be made."""
        step = self.side_step
        if side < step or side % step:
            near = " or ".join(map(str, list_near(side, step, least=step)))
            raise ValueError(
                f"{name} is {side}; this network makes multiples of {step}. Allowed: {near} are the nearest."
            )

    def count_tokens(self, frames: int, height: int, width: int) -> int:
        """Count the tokens of a video; the first frame stands alone."""
        deep, high, wide = self.token
        return ((frames - 1) // deep + 1) * (height // high) * (width // wide)

    def count_operations(self, tokens: int) -> float:
        """Count the floating-point operations of one pass over so many tokens.

        Two for each parameter and token, and four for each layer, pair of tokens and number in a token: the
        products of attention. What is left out (text encoder, decoder, norms) is small beside it.
        """
        return 2 * self.parameters * tokens + 4 * self.layers * self.hidden * float(tokens) ** 2


def list_near(number: int, step: int, *, least: int) -> Sequence[int]:
    """List the multiples of a step on both sides of a number."""
    below = max(number // step * step, least)
    return sorted({below, below + step})
