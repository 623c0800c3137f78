"""Generators for the tests: quick, and as bad as they are asked to be."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from videophy_lab.generators.base import Generator, GeneratorStoppedError, Made, Order, Specs, Truth


@dataclass(kw_only=True)
class Fader(Generator):
    """Fades from grey to a level; words in the caption make it misbehave."""

    specs: ClassVar[Specs] = Specs("fader", "fades", "tests", frames=9, fps=8.0)
    level: int = 200
    size: int = 32
    calls: int = 1
    pause: float = 0.0
    log: str = ""

    @property
    def batch_size(self) -> int:
        return self.calls

    def describe(self) -> Mapping[str, Any]:
        return {"level": self.level, "size": self.size}

    def refuse(self, order: Order) -> str:
        return "music cannot be seen" if "music" in order.caption else ""

    def describe_cost(self, orders: Sequence[Order]) -> str:
        return f"{len(orders)} videos, {0.1 * len(orders):.1f} $"

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterator[tuple[Order, Made]]:
        for order in orders:
            if self.log:
                with Path(self.log).open("a", encoding="utf-8") as file:
                    file.write(f"{order.video_id}\n")
            time.sleep(self.pause)
            yield order, self.make_one(order)

    def make_one(self, order: Order) -> Made:
        caption = order.caption
        if "raises" in caption:
            raise RuntimeError("no such thing 17")
        if "stops" in caption:
            raise GeneratorStoppedError("the key is wrong. Remedy: export another")
        if "dies" in caption:
            os.kill(os.getpid(), signal.SIGKILL)
        if "refused" in caption:
            return Made(error="the service finds it unfit", text=caption, cost=0.25)
        if "broken" in caption:
            return Made(data=b"<html>no video</html>", text=caption)
        if "odd" in caption:
            return Made(frames=np.zeros((9, 32, 32), np.float32), fps=8.0)
        levels = np.linspace(128, self.level, 9) + order.seed
        frames = np.broadcast_to(levels.astype(np.uint8)[:, None, None, None], (9, self.size, self.size, 3))
        return Made(
            frames=np.ascontiguousarray(frames),
            fps=8.0,
            text=caption.upper(),
            tokens=7,
            truncated=2,
            settings={"start": np.float32(128), "step": np.int64(9)},
            facts={"law": "light", "onset": None},
            rules=(Truth("The light rises.", "light", 1),),
            ratings={"pc": 1.0},
            files={"levels.csv": b"level\n128\n"},
            cost=0.1,
        )


@dataclass(kw_only=True)
class Crowd(Fader):
    """Several processes make its videos."""

    specs: ClassVar[Specs] = Specs("crowd", "fades in a crowd", "tests")
    parallel: ClassVar[bool] = True


@dataclass(kw_only=True)
class Worlds(Fader):
    """Stands for three faders."""

    specs: ClassVar[Specs] = Specs("worlds", "three worlds", "tests")

    def list_variants(self) -> Mapping[str, Generator]:
        return {"": Fader(level=200), "-dark": Fader(level=20), "-dim": Fader(level=90)}


@dataclass(kw_only=True)
class Finder(Generator):
    """Looks a finished file up, without needing a caption."""

    specs: ClassVar[Specs] = Specs("finder", "looks files up", "tests")
    needs_caption: ClassVar[bool] = False
    file: str

    def describe(self) -> Mapping[str, Any]:
        return {"file": Path(self.file).name}

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterator[tuple[Order, Made]]:
        for order in orders:
            yield order, Made(data=Path(self.file).read_bytes(), suffix=Path(self.file).suffix)

    def list_notes(self) -> Sequence[str]:
        return ("one file is left over",)


@dataclass(kw_only=True)
class Absent(Fader):
    """Has weights that are not here; describing it would fetch them."""

    specs: ClassVar[Specs] = Specs("absent", "far away", "tests", limits="not for sale")

    def find_absent(self) -> str:
        return "the weights a/b, 3.0 GB, from the hub"

    def describe(self) -> Mapping[str, Any]:
        raise ConnectionError("the weights were fetched")
