"""Small rendered scenes whose physics is known: a law kept, or broken on purpose to a degree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from videophy_lab.video.clip import Clip, FrameView, VideoInfo

HEIGHT, WIDTH, FRAMES = 192, 256, 49
SCENES = ("bounce", "projectile", "slide", "collision")
VIOLATIONS = {
    "inverted gravity": ("bounce", "projectile"),
    "elasticity": ("bounce",),
    "impulse": ("projectile", "slide", "collision"),
    "vanish": SCENES,
    "duplicate": SCENES,
    "grow": ("bounce", "projectile", "slide"),
    "teleport": SCENES,
    "reversal": ("bounce", "slide"),
}
SUBSTEPS = 20


@dataclass(frozen=True)
class World:
    """One scene before anything is drawn: pixels and frames are the units, y points down."""

    places: np.ndarray  # (bodies, 2) at the start
    speeds: np.ndarray  # (bodies, 2)
    radii: np.ndarray  # (bodies,)
    gravity: float
    floor: float
    elasticity: float
    friction: float


@dataclass(frozen=True)
class Scene:
    """What is drawn, and the truth: places (bodies, frames, 2), radii (bodies, frames; 0 is absent)."""

    frames: np.ndarray
    places: np.ndarray
    radii: np.ndarray


def make_world(kind: str, rng: np.random.Generator) -> World:
    radius = rng.uniform(8, 14)
    side = rng.choice([-1, 1])
    floor = rng.uniform(155, 175)
    start_x = 128 - side * rng.uniform(50, 90)
    if kind == "bounce":
        place, speed = (start_x, rng.uniform(25, 50)), (side * rng.uniform(1.5, 3), 0)
        return build_world(
            [place], [speed], [radius], rng.uniform(0.3, 0.6), floor, rng.uniform(0.6, 0.85), 0
        )
    if kind == "projectile":
        rise = rng.uniform(6, 8)
        place, speed = (start_x, floor - radius - 5), (side * rng.uniform(2.5, 3.5), -rise)
        return build_world([place], [speed], [radius], rise**2 / 2 / rng.uniform(90, 120), floor, 0.6, 0)
    if kind == "slide":
        pace, travel = rng.uniform(5, 7), rng.uniform(90, 130)
        return build_world(
            [(start_x, floor - radius)], [(side * pace, 0)], [radius], 0.4, floor, 0, pace**2 / 2 / travel
        )
    if kind == "collision":
        other = rng.uniform(8, 14)
        places = [(start_x, floor - radius), (128 + side * rng.uniform(0, 20), floor - other)]
        return build_world(
            places, [(side * rng.uniform(4, 6), 0), (0, 0)], [radius, other], 0.4, floor, 0.85, 0.02
        )
    raise ValueError(kind)


def build_world(places, speeds, radii, gravity, floor, elasticity, friction) -> World:
    return World(
        np.array(places, float),
        np.array(speeds, float),
        np.array(radii),
        gravity,
        floor,
        elasticity,
        friction,
    )


def bounce_on_floor(world: World, place: np.ndarray, speed: np.ndarray) -> None:
    for at, pace, radius in zip(place, speed, world.radii, strict=True):
        for level, side in ((world.floor, 1), (6.0, -1)):
            depth = side * (at[1] - level) + radius
            if depth > 0 and side * pace[1] > 0:
                at[1] -= side * depth
                pace[1] *= -world.elasticity


def rub_on_floor(world: World, place: np.ndarray, speed: np.ndarray, step: float) -> None:
    for at, pace, radius in zip(place, speed, world.radii, strict=True):
        if at[1] > world.floor - radius - 0.5 and abs(pace[1]) < 1:
            loss = min(world.friction * step, abs(pace[0]))
            pace[0] -= np.sign(pace[0]) * loss


def collide(world: World, place: np.ndarray, speed: np.ndarray) -> None:
    if len(place) < 2:
        return
    axis = place[1] - place[0]
    distance = np.linalg.norm(axis)
    normal = axis / distance
    closing = (speed[0] - speed[1]) @ normal
    if distance < world.radii.sum() and closing > 0:
        mass = world.radii**3
        push = (1 + world.elasticity) * closing * mass.prod() / mass.sum()
        speed[0] -= push / mass[0] * normal
        speed[1] += push / mass[1] * normal


def simulate(world: World, *, kick_at: int = -1, kick: np.ndarray | None = None) -> np.ndarray:
    """Give the places (bodies, frames, 2); at `kick_at` the first body's velocity changes by `kick`."""
    place, speed, path = world.places.copy(), world.speeds.copy(), []
    step = 1 / SUBSTEPS
    for frame in range(FRAMES):
        path.append(place.copy())
        if frame == kick_at:
            speed[0] += kick
        for _ in range(SUBSTEPS):
            place += speed * step + [0, world.gravity * step**2 / 2]
            speed[:, 1] += world.gravity * step
            bounce_on_floor(world, place, speed)
            rub_on_floor(world, place, speed, step)
            collide(world, place, speed)
    return np.stack(path, axis=1)


def simulate_scene(kind: str, violation: str, severity: float, rng: np.random.Generator):
    """Give places and radii of a scene with a violation of a severity from 0 to 1."""
    world = make_world(kind, rng)
    when, angle = int(rng.integers(16, 24)), rng.uniform(0, 2 * np.pi)
    way = rng.choice([-1, 1])
    if violation == "inverted gravity":
        world = replace(world, gravity=world.gravity * (1 - 2 * severity))
    if violation == "elasticity":
        world = replace(world, elasticity=world.elasticity + severity * (1.35 - world.elasticity))
    plain = simulate(world)
    pace = np.linalg.norm(plain[0, when] - plain[0, when - 1])
    kick = severity * 1.5 * max(pace, 2) * np.array([np.cos(angle), -abs(np.sin(angle))])
    places = simulate(world, kick_at=when, kick=kick) if violation == "impulse" else plain
    radii = np.repeat(world.radii[:, None], FRAMES, axis=1)
    if violation == "vanish":
        radii[0, when:] *= np.sqrt(1 - severity)
    if violation == "grow":
        radii[0] *= 1 + severity * np.linspace(0, 1, FRAMES)
    if violation == "duplicate":
        twin = places[0] + [0, (2.8 if kind == "projectile" else -2.8) * world.radii[0]]
        twin_radii = np.where(np.arange(FRAMES) >= when, world.radii[0] * np.sqrt(severity), 0)
        places, radii = np.concatenate([places, twin[None]]), np.concatenate([radii, twin_radii[None]])
    if violation == "teleport":
        places[0, when:, 0] += way * severity * 6 * world.radii[0]
    if violation == "reversal":
        places, radii = places[:, ::-1], radii[:, ::-1]
    return places, radii, world.floor


def make_texture(shape: tuple[int, int], rng: np.random.Generator, *, strength: float) -> np.ndarray:
    grain = gaussian_filter(rng.normal(size=shape), rng.uniform(1.5, 5))
    return strength * grain / grain.std()


def make_picture(floor: float, rng: np.random.Generator) -> np.ndarray:
    """Paint a textured wall above a textured floor, bright or dark."""
    base = rng.uniform(60, 190, size=3)
    picture = base + make_texture((HEIGHT, WIDTH), rng, strength=rng.uniform(2, 14))[..., None]
    rows = np.arange(HEIGHT)[:, None, None]
    return picture + np.where(rows > floor, rng.choice([-25, 25]), 0)


def choose_colour(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose a colour that stands out by 60 grey levels in at least one channel."""
    while True:
        colour = rng.uniform(20, 235, size=3)
        if np.abs(colour - picture.mean((0, 1))).max() > 60:
            return colour


def draw_body(
    frame: np.ndarray, place: np.ndarray, radius: float, colour: np.ndarray, *, square: bool
) -> None:
    low = np.maximum(np.floor(place - radius - 2), 0).astype(int)
    high = np.maximum(np.ceil(place + radius + 2), 0).astype(int)
    part = frame[low[1] : high[1], low[0] : high[0]]
    ys, xs = np.mgrid[: part.shape[0], : part.shape[1]]
    dx, dy = np.abs(xs + low[0] - place[0]), np.abs(ys + low[1] - place[1])
    distance = np.maximum(dx, dy) if square else np.hypot(dx, dy)
    cover = np.clip(radius + 0.5 - distance, 0, 1)[..., None]
    part += cover * (colour - part)


def render(
    places: np.ndarray, radii: np.ndarray, floor: float, rng: np.random.Generator, *, square: bool
) -> np.ndarray:
    picture = make_picture(floor, rng)
    colours = [choose_colour(picture, rng) for _ in places]
    picture = picture.astype(np.float32)
    grain = rng.uniform(0, 3) * rng.standard_normal((4, HEIGHT, WIDTH, 3), dtype=np.float32)
    frames = []
    for number in range(places.shape[1]):
        frame = picture.copy()
        for path, size, colour in zip(places, radii, colours, strict=True):
            if size[number] > 0:
                draw_body(frame, path[number], size[number], colour, square=square)
        shift = rng.integers(0, (HEIGHT, WIDTH))
        frames.append(frame + np.roll(grain[number % 4], shift, axis=(0, 1)))
    return np.stack([frame.clip(0, 255).round().astype(np.uint8) for frame in frames])


def make_scene(kind: str, seed: int, *, violation: str = "", severity: float = 1.0) -> Scene:
    """Make one scene; the same kind and seed give the same scene but for the violation."""
    motion = np.random.default_rng([seed, SCENES.index(kind)])
    look = np.random.default_rng([seed, SCENES.index(kind), 1])
    places, radii, floor = simulate_scene(kind, violation, severity, motion)
    frames = render(places, radii, floor, look, square=kind == "slide")
    return Scene(frames, places, radii)


def make_clip(frames: np.ndarray, view: FrameView, *, width: int = WIDTH, height: int = HEIGHT) -> Clip:
    """Wrap frames of the view's size as the clip of a file of `width` × `height` pixels."""
    info = VideoInfo(Path("made.mp4"), "h264", "yuv420p", width, height, len(frames), 24.0, len(frames) / 24)
    return Clip(info, {view: frames}, {view: np.arange(len(frames))})
