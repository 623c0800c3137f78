"""Film some clips and print their hashes: run in processes of their own, in the order that is given."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from videophy_lab.generators.base import Order
from videophy_lab.generators.simulated import Simulated
from videophy_lab.generators.simulated.cards import CARDS
from videophy_lab.video import encode_video

WORLDS = Simulated(fast=True).list_variants()


def print_hashes(name: str) -> None:
    scene, _, violation = name.partition(":")
    card = CARDS[scene]
    order = Order(f"simulated/{card.prompt_id}/7", card.prompt_id, 7, card.caption)
    ((_, made),) = WORLDS[violation].make([order], folder=Path("nowhere"))
    with tempfile.TemporaryDirectory() as folder:
        film = encode_video(made.frames, Path(folder) / "a.mp4", fps=made.fps).read_bytes()
    parts = made.frames.tobytes(), film, made.files["tracks.csv"], repr((made.facts, made.settings)).encode()
    print(name, *(hashlib.sha256(part).hexdigest() for part in parts))


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        print_hashes(asked)
