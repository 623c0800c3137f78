"""Time the simulated world: CPU seconds a clip, by scene, drawing and encoding included.

    python benchmarks/simulated.py [--clips N] [--size N] [--fast]

Every scene is filmed `--clips` times in the right world, each with another seed, and as often with a law
broken; the first clip of the process, which imports MuJoCo and builds Mesa's programs, is timed on its own.
CPU seconds are those of this process, all its threads together.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from pathlib import Path

import numpy as np

from videophy_lab.generators.base import Generator, Order
from videophy_lab.generators.simulated import Simulated
from videophy_lab.generators.simulated.cards import CARDS
from videophy_lab.generators.simulated.violations import VIOLATIONS
from videophy_lab.video import encode_video


def film(world: Generator, scene: str, seed: int, folder: Path) -> float:
    """Film one clip into a file, and give the CPU seconds that it took."""
    card = CARDS[scene]
    order = Order(f"simulated/{card.prompt_id}/{seed}", card.prompt_id, seed, card.caption)
    started = time.process_time()
    for _, made in world.make([order], folder=folder):
        encode_video(made.frames, folder / "clip.mp4", fps=made.fps)
    return time.process_time() - started


def main() -> None:
    """Film and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--fast", action="store_true")
    options = parser.parse_args()
    worlds = Simulated(size=options.size, fast=options.fast).list_variants()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"first clip of the process: {film(worlds[''], 'fall', 0, folder):.2f} CPU s")
        print(f"{'scene':12}{'right':>8}{'wrong':>8}   CPU s a clip, means of {options.clips}")
        every = []
        for scene in CARDS:
            broken = [n for n, v in VIOLATIONS.items() if scene in v.scenes and v.kind == "violation"]
            right = [film(worlds[""], scene, 1 + n, folder) for n in range(options.clips)]
            wrong = [
                film(worlds[f"-{broken[n % len(broken)]}-100"], scene, 100 + n, folder)
                for n in range(options.clips)
            ]
            every += right + wrong
            print(f"{scene:12}{np.mean(right):8.2f}{np.mean(wrong):8.2f}")
    print(f"mean {np.mean(every):.2f}, median {np.median(every):.2f}, most {np.max(every):.2f} CPU s a clip")
    print(
        f"Python {platform.python_version()}, {platform.machine()}, size {options.size}, fast {options.fast}"
    )


if __name__ == "__main__":
    main()
