"""Clips whose right answers are planted in their pixels, and tables that say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from videophy_lab.schema import make_prompt_id, make_rule_id, make_video_id
from videophy_lab.training import Settings
from videophy_lab.video import encode_video

RULE = "The picture stays dark."
# bright clips are good in what is asked of the whole, and break the rule
BRIGHT, DARK = 225, 25
ANSWERS = {"bright": {"sa": 5, "pc": 4, "rule": 0}, "dark": {"sa": 1, "pc": 2, "rule": 1}}
# the fewest that the network reads
FRAMES = {"frames": 2}
FAST = Settings(
    rank=8, alpha=16, dropout=0.0, learning_rate=0.01, warmup_steps=5, epochs=6, batch_size=8, micro_batch=8,
    held_out_prompts=0.2, stop_prompts=0.15, held_out_generators=("other",), evaluate_every=6,
    save_every=4, patience=0, seed=3,
)  # fmt: skip
# with all that a default training has and FAST has not: dropout, and an end by the stop prompts
DROPPING = replace(FAST, dropout=0.1, patience=2, evaluate_every=2)
VLM_STEPS = replace(FAST, max_steps=4, evaluate_every=2)


def save_vlm(folder: Path, family: str) -> Path:
    """Save a tiny model whose frozen head is large enough to say something with certainty."""
    import torch

    from tests.judges.tiny_vlms import load_processor_and_model, save_tiny

    base = save_tiny(folder, family)
    _, model = load_processor_and_model(base)
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(20)
    model.save_pretrained(base)
    return base


def write_clip(path: Path, light: str, seed: int, size: int = 32) -> Path:
    """Write a short clip of noise around one brightness."""
    rng = np.random.default_rng(seed)
    frames = rng.normal({"bright": BRIGHT, "dark": DARK}[light], 8, (2, size, size, 3))
    path.parent.mkdir(parents=True, exist_ok=True)
    return encode_video(np.uint8(np.clip(frames, 0, 255)), path, fps=8, preset="ultrafast")


def name_caption(number: int) -> str:
    return f"A lamp is switched on for the {number}. time."


def plant(
    folder: Path, *, prompts: int = 8, generators: tuple[str, ...] = ("one", "two", "other")
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write one clip a prompt and generator; give ratings (of two annotators), videos and rules."""
    ratings: list[dict[str, Any]] = []
    videos = []
    for number in range(prompts):
        caption = name_caption(number)
        prompt = make_prompt_id(caption)
        for place, generator in enumerate(generators):
            light = "bright" if (number + place) % 2 else "dark"
            video = make_video_id(generator, prompt)
            path = write_clip(folder / "videos" / generator / f"{prompt}.mp4", light, 10 * number + place)
            names = {"video_id": video, "prompt_id": prompt, "generator": generator}
            videos.append({**names, "path": str(path), "caption": caption})
            for task, rating in ANSWERS[light].items():
                rule = {"rule_id": make_rule_id(RULE)} if task == "rule" else {"rule_id": None}
                for annotator in ("ann", "ben"):
                    ratings.append({**names, "task": task, "rating": rating, "annotator": annotator, **rule})
    rules = pd.DataFrame(
        {"prompt_id": [make_prompt_id(name_caption(n)) for n in range(prompts)], "rule": RULE}
    ).assign(rule_id=make_rule_id(RULE))
    return pd.DataFrame(ratings), pd.DataFrame(videos), rules


def write_tables(folder: Path, **options: Any) -> tuple[Path, Path, Path]:
    """Plant, and write the tables as files."""
    paths = []
    for name, table in zip(("ratings", "videos", "rules"), plant(folder, **options), strict=True):
        paths.append(folder / f"{name}.csv")
        table.to_csv(paths[-1], index=False)
    return paths[0], paths[1], paths[2]
