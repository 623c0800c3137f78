"""One world as a generator: small scenes with the truth of every clip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from videophy_lab.generators.base import Generator, Made, Order, Specs
from videophy_lab.generators.simulated.cards import CARDS
from videophy_lab.generators.simulated.catalog import find_scene
from videophy_lab.generators.simulated.violations import (
    NONE,
    VIOLATIONS,
)

VERSION = 1  # stands for the scenes, the violations and the way of drawing
SPECS = Specs(
    name="simulated",
    summary="an embedded 3D world, physics right or wrong on purpose, the truth of every clip known",
    source="MuJoCo",
    needs="sim",
    height=256,
    width=256,
    frames=49,
    fps=24.0,
)


def find_version() -> str:
    """Give MuJoCo's version, which decides the pixels; empty where it is not installed."""
    try:
        return version("mujoco")
    except PackageNotFoundError:
        return ""


@dataclass(kw_only=True)
class World(Generator):
    """One world: the right one, or one with a law broken, always in the same way.

    Parameters
    ----------
    violation : str
        ``none``, or what is done to the world.
    severity : float
        0 in the right world, otherwise up to 1.
    size : int
        Pixels of height and width.
    frames : int
    fps : float
    fast : bool
        Whether shadows are cheaper.
    """

    violation: str = NONE
    severity: float = 0.0
    size: int = 256
    frames: int = 49
    fps: float = 24.0
    fast: bool = False
    parallel: ClassVar[bool] = True

    specs: ClassVar[Specs] = SPECS

    def describe(self) -> Mapping[str, Any]:
        """Give everything that decides a video; the drawing also depends on the machine's OpenGL."""
        return {
            "generator": "simulated",
            "version": VERSION,
            "mujoco": find_version(),
            "violation": self.violation,
            "severity": self.severity,
            "size": self.size,
            "frames": self.frames,
            "fps": self.fps,
            "fast": self.fast,
        }

    def refuse(self, order: Order) -> str:
        """Say why a violation cannot be seen in a scene, or would break nothing there."""
        scene = find_scene(order.prompt_id, order.caption, str(order.facts.get("scene", "")))
        if not scene or self.violation == NONE or scene in VIOLATIONS[self.violation].scenes:
            return ""
        return f"{self.violation} does not apply to the scene {scene}: {VIOLATIONS[self.violation].otherwise}"

    def prepare(self) -> None:
        """Check that MuJoCo and OpenGL are there.

        Raises
        ------
        ImportError
            One is not; the line to type is named.
        """
        from videophy_lab.generators.simulated.render import check_rendering

        check_rendering()

    def make(self, orders: Sequence[Order], *, folder: Path) -> Iterable[tuple[Order, Made]]:
        """Make the clips of orders; `folder` is not needed."""
        from videophy_lab.generators.simulated.clips import film

        for order in orders:
            scene = find_scene(order.prompt_id, order.caption, str(order.facts.get("scene", "")))
            if not scene:
                yield order, Made(text=order.caption, error=explain_stranger(order))
                continue
            why = self.refuse(order)
            yield order, Made(text=order.caption, error=f"{why}.") if why else film(self, scene, order)


def explain_stranger(order: Order) -> str:
    """Say that a prompt is none of the world's scenes, and what to type."""
    return (
        f"the simulated world has no scene for the prompt {order.prompt_id} ({order.caption[:60]!r}); it has "
        f"{', '.join(CARDS)}. Remedy: give `simulated` as PROMPTS, the table of its own scenes."
    )
