"""The embedded world with all its violations, as one name of many generators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from videophy_lab.generators.base import Generator, Made, Order, Specs, check_length
from videophy_lab.generators.simulated.violations import (
    NONE,
    VIOLATION,
    VIOLATIONS,
    choose_severities,
    choose_violations,
)
from videophy_lab.generators.simulated.world import SPECS, World

SHORTEST_SECONDS = 1.5
SIZES = (64, 1024)
FAST_SIZE = 128


@dataclass(kw_only=True)
class Simulated(Generator):
    """A small 3D world with physics right or wrong on purpose.

    It stands for several generators: the right world, and one for every violation and severity, called
    ``simulated-weak_gravity-050`` and the like. All of them show the same scenes with the same seeds, so that
    a wrong clip and a right one are a pair, equal up to the frame of onset.

    Parameters
    ----------
    violations : str
        Names parted by commas, ``all`` or ``none``; `list_violations` has the table.
    severities : str
        Numbers above 0 and at most 1, parted by commas. Controls have the greatest of them only: what does
        not pass for broken there does not elsewhere.
    size : int
        Pixels of height and width, 64 to 1024.
    frames : int
    fps : float
        Frames a second; time in the world is the video's.
    fast : bool
        Make small clips for trying things out: at most 128 pixels, every second frame, cheaper shadows.
    """

    violations: str = "all"
    severities: str = "0.25,0.5,1"
    size: int = 256
    frames: int = 49
    fps: float = 24.0
    fast: bool = False

    specs: ClassVar[Specs] = SPECS
    parallel: ClassVar[bool] = True

    def __post_init__(self) -> None:
        choose_severities(self.severities)
        choose_violations(self.violations)
        if not SIZES[0] <= self.size <= SIZES[1] or self.size % 2:
            raise ValueError(f"size is {self.size}; allowed are even numbers from {SIZES[0]} to {SIZES[1]}.")
        check_length(self.frames, self.fps)
        if (self.frames - 1) / self.fps < SHORTEST_SECONDS:
            least = int(SHORTEST_SECONDS * self.fps) + 2
            raise ValueError(
                f"{self.frames} frames at {self.fps:g} a second are {self.frames / self.fps:.1f} s, and what "
                f"happens takes {SHORTEST_SECONDS:g} s. Remedy: at least {least} frames."
            )

    def make_world(self, violation: str, severity: float) -> World:
        """Make one of the worlds it stands for."""
        size, frames, fps = self.size, self.frames, self.fps
        if self.fast:
            size, frames, fps = min(size, FAST_SIZE), (frames + 1) // 2, fps / 2
        return World(
            violation=violation, severity=severity, size=size, frames=frames, fps=fps, fast=self.fast
        )

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a video of the right world."""
        return self.make_world(NONE, 0.0).describe()

    def prepare(self) -> None:
        """Check that MuJoCo and OpenGL are there; raise ImportError with the line to type."""
        self.make_world(NONE, 0.0).prepare()

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterable[tuple[Order, Made]]:
        """Make clips of the right world."""
        return self.make_world(NONE, 0.0).make(orders, folder=folder)

    def list_variants(self) -> Mapping[str, Generator]:
        """Give the right world, and one for every violation and severity."""
        worlds: dict[str, Generator] = {"": self.make_world(NONE, 0.0)}
        severities = choose_severities(self.severities)
        for name in choose_violations(self.violations):
            graded = severities if VIOLATIONS[name].kind == VIOLATION else severities[-1:]
            for severity in graded if VIOLATIONS[name].graded else (1.0,):
                worlds[f"-{name}-{round(100 * severity):03d}"] = self.make_world(name, severity)
        return worlds
