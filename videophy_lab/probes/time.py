"""Edits of time: which frame is shown when. All keep the number of frames, their rate and so the duration."""

from __future__ import annotations

import numpy as np

from videophy_lab.probes.settings import How

# every so many pixels are enough to find motion
COARSE = 4


def keep_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Change nothing: what is left is the loss of decoding and encoding again."""
    return frames


def reverse_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Show the last frame first."""
    return frames[::-1]


def shuffle_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Show the frames in an order that is drawn, and is not their own."""
    order = draw_order(len(frames), how.rng)
    return take_frames(frames, order)


def shuffle_blocks(frames: np.ndarray, how: How) -> np.ndarray:
    """Show blocks of frames in an order that is drawn, and is not their own; each runs forward.

    A block has ``options.block`` frames, or half of the video where that is less; the last may be shorter.
    """
    length = max(1, min(how.options.block, len(frames) // 2))
    blocks = [np.arange(start, min(start + length, len(frames))) for start in range(0, len(frames), length)]
    order = draw_order(len(blocks), how.rng)
    return take_frames(frames, np.concatenate([blocks[place] for place in order]))


def freeze_frame(frames: np.ndarray, how: How) -> np.ndarray:
    """Show one frame all the time: the first, the middle, or the most moving one, by ``options.frozen``."""
    place = {"first": 0, "middle": len(frames) // 2, "moving": -1}[how.options.frozen]
    place = find_motion(frames) if place < 0 else place
    return take_frames(frames, np.full(len(frames), place))


def find_motion(frames: np.ndarray) -> int:
    """Find the frame that differs most from the one before it."""
    if len(frames) == 1:
        return 0
    coarse = frames[:, ::COARSE, ::COARSE].astype(np.float32)
    return int(np.abs(np.diff(coarse, axis=0)).mean(axis=(1, 2, 3)).argmax()) + 1


def loop_half(frames: np.ndarray, how: How) -> np.ndarray:
    """Show the first half twice, with a jump between."""
    return take_frames(frames, np.arange(len(frames)) % -(-len(frames) // 2))


def show_slowly(frames: np.ndarray, how: How) -> np.ndarray:
    """Show each frame of the first half twice: half the speed, and half of what happens."""
    return take_frames(frames, np.arange(len(frames)) // 2)


def show_fast(frames: np.ndarray, how: How) -> np.ndarray:
    """Show every second frame, then hold the last: twice the speed, and all that happens."""
    return take_frames(frames, np.minimum(2 * np.arange(len(frames)), len(frames) - 1))


def drop_frames(frames: np.ndarray, how: How) -> np.ndarray:
    """Drop frames at random, and show the last one kept in their place, so that the video stutters.

    The first frame stays. Frames dropped at one severity are dropped at all higher ones.
    """
    places = np.arange(len(frames))
    dropped = 1 + how.rng.permutation(len(frames) - 1)[: round(how.severity * (len(frames) - 1))]
    places[dropped] = 0
    return take_frames(frames, np.maximum.accumulate(places))


def draw_order(count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw an order of places, never their own unless there is only one."""
    order = rng.permutation(count)
    return np.roll(order, 1) if (order == np.arange(count)).all() else order


def take_frames(frames: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give the frames of some places, each as often as it is named."""
    taken: np.ndarray = frames[places]
    return taken
