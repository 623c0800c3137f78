"""Make videos on a GPU: the same as on the CPU with random weights, or with real ones, timed.

Without a checkpoint every pipeline is built with a few thousand random numbers and run in fp32 on the CPU and
on the device, in every way of offloading; frames must agree within rounding. With one, a real video is made
and written, with its seconds and the peak of the GPU's memory.

    python benchmarks/generate_gpu.py [--device cuda] [--pipeline NAME]...
    python benchmarks/generate_gpu.py --pipeline Wan21 --checkpoint FOLDER [-o option=value]... [--out FOLDER]

It ends with 1 where a video differs or fails, and with 2 where there is no such device. Cosmos1 takes part
where the package of its guardrail is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from videophy_lab.devices import choose_device
from videophy_lab.extras import import_extra
from videophy_lab.generators import diffusion
from videophy_lab.generators.base import Made, Order
from videophy_lab.video import encode_video

CAPTION = "A red ball rolls down a wooden ramp, falls off its end and bounces twice on the floor."
WAYS = ("none", "model", "group", "sequential")
# of 255 levels: sums are taken in another order on a GPU
MOST_LEVELS, MOST_MEAN = 4, 0.1


def make_one(generator: Any) -> tuple[Made, float, float]:
    """Make one video; give it with the seconds it took and the peak of the GPU's memory in GB."""
    import torch

    generator.prepare()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    order = Order("benchmark", "benchmark", seed=1, caption=CAPTION)
    ((_, made),) = generator.make([order], folder=Path("unused"))
    seconds = time.perf_counter() - started
    peak = torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0
    return made, seconds, peak


def compare(name: str, device: str, root: Path) -> bool:
    """Run a tiny pipeline on the CPU and on a device; say whether all videos agree."""
    import torch

    from tests.generators.diffusion.tiny_pipelines import BUILDERS

    torch.manual_seed(0)
    checker = {"checker": diffusion.Cosmos1().make_parts()["safety_checker"]} if name == "Cosmos1" else {}
    BUILDERS[name](**checker).save_pretrained(root / name)
    size = {"width": 64 if name == "LTXVideo" else 48, "frames": 7 if name == "Mochi" else 9}
    options = {"checkpoint": str(root / name), "dtype": "fp32", "height": 32, "steps": 4, **size}
    kind = getattr(diffusion, name)
    expected, seconds, _ = make_one(kind(device="cpu", **options))
    print(f"{name:15} cpu              {seconds:6.2f} s {expected.error}")
    agree = not expected.error
    for way in WAYS if device != "cpu" else ("none",):
        made, seconds, peak = make_one(kind(device=device, offload=way, **options))
        if made.error or expected.frames is None or made.frames is None:
            print(f"{name:15} {device} {way:10} failed: {made.error}")
            agree = False
            continue
        apart = np.abs(made.frames.astype(int) - expected.frames.astype(int))
        close = bool(apart.max() <= MOST_LEVELS and apart.mean() <= MOST_MEAN)
        agree &= close
        print(
            f"{name:15} {device} {way:10} {seconds:6.2f} s, {peak:.3f} GB, apart by at most {apart.max()} "
            f"of 255, on average {apart.mean():.4f}: {'agrees' if close else 'DIFFERS'}"
        )
    return agree


def read_options(kind: Any, given: Sequence[str]) -> dict[str, Any]:
    """Read ``option=value`` by the types of a generator's options."""
    from pydantic import TypeAdapter

    hints, known = get_type_hints(kind), {field.name for field in fields(kind) if field.init}
    options = {}
    for item in given:
        name, _, value = item.partition("=")
        if name not in known:
            raise SystemExit(f"{kind.__name__} has no option {name!r}. Allowed: {', '.join(sorted(known))}.")
        options[name] = TypeAdapter(hints[name]).validate_python(value)
    return options


def run_real(name: str, given: argparse.Namespace, device: str) -> bool:
    """Make a video with real weights and write it."""
    kind = getattr(diffusion, name)
    generator = kind(checkpoint=given.checkpoint, device=device, **read_options(kind, given.option))
    print(generator.describe_cost([Order("benchmark", "benchmark", seed=1, caption=CAPTION)]))
    started = time.perf_counter()
    generator.prepare()
    print(f"loaded in {time.perf_counter() - started:.0f} s")
    made, seconds, peak = make_one(generator)
    if made.error or made.frames is None:
        print(f"{name} failed: {made.error}")
        return False
    path = given.out / f"{name}.mp4"
    given.out.mkdir(parents=True, exist_ok=True)
    encode_video(made.frames, path, fps=made.fps)
    print(f"{name} on {device}: {seconds:.0f} s, peak {peak:.1f} GB, {made.frames.shape}, in {path}")
    return True


def main() -> int:
    """Read the arguments, run, and say whether all went well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--pipeline", action="append", choices=diffusion.__all__)
    parser.add_argument("--checkpoint", default="")
    parser.add_argument("-o", "--option", action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("runs/generate_gpu"))
    given = parser.parse_args()
    import_extra("diffusers", "diffusion")
    import torch

    try:
        device = choose_device(given.device)
    except ValueError as error:
        print(f"nothing was run: {error}")
        return 2
    names = given.pipeline or list(diffusion.__all__)
    if given.checkpoint:
        return 0 if all([run_real(name, given, device) for name in names]) else 1
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if importlib.util.find_spec("cosmos_guardrail") is None and "Cosmos1" in names:
        print("Cosmos1         left out: its guardrail is not installed")
        names.remove("Cosmos1")
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all([compare(name, device, Path(folder)) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
