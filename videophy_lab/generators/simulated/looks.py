"""How a world looks: colours, surfaces and light, drawn from a seed apart from its motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from videophy_lab.generators.simulated.mjcf import join
from videophy_lab.generators.simulated.textures import FACE, PATTERNS, SIDE, SURFACES, Colour, paint_ball

HUES: dict[str, Colour] = {
    "red": (0.80, 0.13, 0.12),
    "orange": (0.93, 0.42, 0.06),
    "blue": (0.10, 0.28, 0.72),
    "green": (0.06, 0.44, 0.22),
    "purple": (0.42, 0.16, 0.58),
    "teal": (0.02, 0.44, 0.50),
    "magenta": (0.76, 0.12, 0.42),
    "navy": (0.10, 0.16, 0.42),
}
# a floor, a wall, and what stands for the sky: surface and colour of each
SETTINGS: dict[str, tuple[tuple[str, Colour], tuple[str, Colour]]] = {
    "oak room": (("planks", (0.63, 0.49, 0.34)), ("concrete", (0.86, 0.84, 0.78))),
    "grey room": (("planks", (0.56, 0.52, 0.48)), ("stripes", (0.80, 0.84, 0.86))),
    "kitchen": (("tiles", (0.70, 0.69, 0.66)), ("panels", (0.86, 0.82, 0.72))),
    "gym": (("planks", (0.70, 0.53, 0.33)), ("concrete", (0.72, 0.80, 0.84))),
    "hall": (("chequers", (0.60, 0.61, 0.62)), ("concrete", (0.84, 0.85, 0.84))),
    "workshop": (("concrete", (0.58, 0.57, 0.55)), ("bricks", (0.66, 0.48, 0.40))),
    "garden": (("grass", (0.42, 0.52, 0.28)), ("panels", (0.72, 0.62, 0.48))),
    "study": (("grass", (0.56, 0.50, 0.46)), ("stripes", (0.82, 0.80, 0.70))),
}


# colours that would be lost in front of a setting: there they come last
LOST = {"garden": ("green", "teal"), "workshop": ("red", "orange", "magenta")}
# floors that a scene asks for
FLOORS: dict[str, tuple[str, Colour]] = {
    "sand": ("concrete", (0.76, 0.66, 0.48)),
    "ice": ("concrete", (0.72, 0.82, 0.88)),
}


@dataclass(frozen=True)
class Looks:
    """What was drawn.

    Attributes
    ----------
    setting : str
        Of :data:`SETTINGS`.
    hues : tuple of str
        Colours of bodies, of which the first two are on the first one.
    pattern : str
        On the first body, where it is round.
    sun : tuple of float
        Direction of the light.
    strength : float
        Of the light.
    warmth : float
        Of the light: 1 is white, more is warmer.
    azimuth, elevation : float
        Added to the camera's view, degrees.
    seed : int
        Of the textures' noise.
    """

    setting: str
    hues: tuple[str, ...]
    pattern: str
    sun: tuple[float, float, float]
    strength: float
    warmth: float
    azimuth: float
    elevation: float
    seed: int
    ground: str = ""

    @property
    def floor(self) -> tuple[str, Colour]:
        """Surface and colour of the floor."""
        return FLOORS[self.ground] if self.ground else SETTINGS[self.setting][0]

    @property
    def wall(self) -> tuple[str, Colour]:
        """Surface and colour of the wall behind."""
        return SETTINGS[self.setting][1]

    def list_materials(self) -> dict[str, Colour]:
        """List the plain materials by name."""
        hues = {f"hue{number}": HUES[name] for number, name in enumerate(self.hues)}
        return hues | {
            "wood": (0.48, 0.31, 0.18),
            "pale": (0.74, 0.68, 0.58),
            "metal": (0.50, 0.52, 0.55),
            "dark": (0.16, 0.16, 0.18),
            "trim": (0.93, 0.92, 0.90),
        }

    def write_assets(self) -> str:
        """Write the textures and materials of MJCF; the textures are painted by :func:`paint_model`."""
        lines = [
            f'<texture name="{name}" type="2d" builtin="flat" width="{SIDE}" height="{SIDE}" '
            f'rgb1="{join(colour)}"/>'
            for name, (_, colour) in (("floor", self.floor), ("wall", self.wall))
        ]
        lines += [
            f'<texture name="ball" type="cube" builtin="flat" width="{FACE}" height="{FACE}" rgb1="1 1 1"/>',
            '<texture name="sky" type="skybox" builtin="gradient" width="32" height="192" '
            'rgb1="0.52 0.68 0.86" rgb2="0.86 0.9 0.94"/>',
            '<material name="floor" texture="floor" texuniform="true" texrepeat="0.5 0.5" '
            'specular="0.1" shininess="0.2"/>',
            '<material name="wall" texture="wall" texuniform="true" texrepeat="0.4 0.4" '
            'specular="0" shininess="0"/>',
            '<material name="ball" texture="ball" specular="0.35" shininess="0.5"/>',
            '<material name="glass" rgba="0.75 0.9 0.95 0.16" specular="0.9" shininess="0.9"/>',
            '<material name="water" rgba="0.30 0.62 0.85 0.27" specular="0.6" shininess="0.8"/>',
        ]
        lines += [
            f'<material name="{name}" rgba="{join(colour)} 1" specular="0.35" shininess="0.5"/>'
            for name, colour in self.list_materials().items()
        ]
        return "\n".join(lines)

    def write_scenery(self, depth: float) -> str:
        """Write the floor and the wall behind, with its skirting; light is added when the camera stands."""
        diffuse = join(self.strength * np.array([min(1.0, self.warmth), 1.0, min(1.0, 2 - self.warmth)]))
        skirting = "" if self.setting in ("garden", "workshop") else (
            f'<geom name="skirting" type="box" size="40 0.03 0.09" pos="0 {depth - 0.02:.6g} 0.09" '
            'material="trim" contype="0" conaffinity="0"/>'
        )  # fmt: skip
        return (
            f'<light name="sun" directional="true" castshadow="true" dir="{join(self.sun)}" pos="0 0 9" '
            f'diffuse="{diffuse}" specular="0.4 0.4 0.4" ambient="0 0 0"/>'
            '<geom name="floor" type="plane" size="40 40 1" material="floor" contype="0" conaffinity="0"/>'
            f'<geom name="wall" type="plane" size="40 9 1" pos="0 {depth:.6g} 9" zaxis="0 -1 0" '
            f'material="wall" contype="0" conaffinity="0"/>{skirting}'
        )


def draw_looks(rng: np.random.Generator, ground: str, pattern: str) -> Looks:
    """Draw how a world looks."""
    setting, drawn = str(rng.choice(list(SETTINGS))), str(rng.choice(PATTERNS))
    names = [str(name) for name in rng.permutation(list(HUES))]
    hues = tuple(sorted(names, key=lambda name: name in LOST.get(setting, ())))
    side = rng.choice([-1.0, 1.0])
    sun = (side * rng.uniform(0.25, 0.6), rng.uniform(0.25, 0.55), -1.0)
    return Looks(
        setting=setting,
        hues=hues,
        pattern=pattern or drawn,
        sun=sun,
        strength=float(rng.uniform(0.58, 0.7)),
        warmth=float(rng.uniform(0.92, 1.06)),
        azimuth=float(rng.uniform(-14, 14)),
        elevation=float(rng.uniform(-5, 2)),
        seed=int(rng.integers(2**31)),
        ground=ground,
    )


def paint_model(model: Any, mujoco: Any, looks: Looks) -> None:
    """Write the computed textures into a compiled model."""
    rng = np.random.default_rng(looks.seed)
    (floor, floor_colour), (wall, wall_colour) = looks.floor, looks.wall
    first, second = (HUES[name] for name in looks.hues[:2])
    pictures = {
        "floor": SURFACES[floor](floor_colour, rng),
        "wall": SURFACES[wall](wall_colour, rng),
        "ball": paint_ball(looks.pattern, first, second, rng),
    }
    for name, picture in pictures.items():
        number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_TEXTURE, name)
        start = model.tex_adr[number]
        model.tex_data[start : start + picture.size] = picture.ravel()
