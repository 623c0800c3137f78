"""What a training is told to the user in."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.training.export import ADAPTER, MERGED
from videophy_lab.training.folder import count_examples
from videophy_lab.training.media import CACHE, measure_folder
from videophy_lab.training.preparing import note_single_answers
from videophy_lab.training.splits import HELD_OUT, SPLITS, STOP, STOP_GENERATORS, TRAIN

if TYPE_CHECKING:
    from videophy_lab.training.costs import Cost
    from videophy_lab.training.outcome import Outcome


def describe_plan(outcome: Outcome) -> str:
    """Say what a run would learn from, and what it would take."""
    lines = [describe_examples(outcome), *describe_left_out(outcome)]
    if outcome.absent:
        lines.append(f"{outcome.absent}; its memory and time are known once it is here")
    elif outcome.cost is not None:
        lines.append(describe_cost(outcome, outcome.cost))
    return "\n".join(lines)


def describe_examples(outcome: Outcome) -> str:
    """Count the examples by split and task."""
    table = outcome.examples.table
    lines = []
    for split in SPLITS:
        part = table[table["split"].eq(split)]
        tasks = ", ".join(f"{n} {task}" for task, n in part["task"].value_counts().sort_index().items())
        what = f"{part['video_id'].nunique()} videos of {part['prompt_id'].nunique()} prompts and "
        what += f"{part['generator'].nunique()} generators"
        what += ", neither trained on nor reported" if split == STOP_GENERATORS else ""
        lines.append(f"{split}: {len(part)} examples ({tasks}) of {what}" if len(part) else f"{split}: none")
    counts = count_examples(table[table["split"].eq(TRAIN)])
    for task, rows in counts.groupby("task"):
        pairs = zip(rows["answer"], rows["n_examples"], strict=True)
        lines.append(f"answers to {task} in train: " + ", ".join(f"{a}: {n}" for a, n in pairs))
    lines += note_single_answers(table)
    lines.append(f"loss balanced over the answers of a task: {outcome.settings.balance}")
    return "\n".join(lines)


def describe_left_out(outcome: Outcome) -> list[str]:
    """Count what was left out, by reason."""
    reasons = outcome.examples.left_out["reason"].value_counts()
    return [f"left out, {count}: {reason}" for reason, count in reasons.items()]


def describe_cost(outcome: Outcome, cost: Cost) -> str:
    """Say what a run would take, and what that assumes."""
    sizes, settings = cost.sizes, outcome.settings
    n_train = int(outcome.examples.table["split"].eq(TRAIN).sum())
    passes = "once, and kept" if sizes.encoded_once else "in every step"
    return (
        f"trained: {sizes.n_trained / 1e6:.3g} million numbers of {sizes.n_frozen / 1e6:.4g} million, "
        f"{settings.count_steps(n_train)} steps of {settings.batch_size} examples\n"
        f"memory: about {cost.memory_gb:.3g} GB a process; merging takes the whole network in float32, "
        f"{4 * sizes.n_frozen / 1e9:.3g} GB, in the machine's memory\n"
        f"{describe_disk(outcome, cost)}\n"
        f"time: about {cost.hours:.2g} hours for one process on {cost.device}, if it reaches 40 % of the "
        f"{cost.teraflops:.3g} TFLOP/s that a large product takes here; several GPUs divide it\n"
        f"assumed: {sizes.tokens} tokens a question, videos of {sizes.vision_tokens} tokens, seen {passes}"
    )


def describe_disk(outcome: Outcome, cost: Cost) -> str:
    """Say what a run would write, and what is free."""
    cache_gb = cost.n_videos * cost.clip_mb / 1e3
    videos = (
        "an unknown size, for none could be read,"
        if math.isnan(cache_gb)
        else f"about {cache_gb:.3g} GB ({cost.clip_mb:.3g} MB each, as the first one)"
    )
    room = "" if not cache_gb + cost.written_gb > cost.free_gb else ", which is too little"
    return (
        f"disk: {videos} for {cost.n_videos} videos as the judge sees them, and {cost.written_gb:.3g} GB for "
        f"checkpoints and the merged judge; {cost.free_gb:.3g} GB are free{room}. Nothing deletes the videos "
        f"that are kept; once it is trained: {write_removal(outcome.folder)}"
    )


def write_removal(folder: Path) -> str:
    """Write the command that deletes the videos that a training kept."""
    return shlex.join(["rm", "-r", str(folder / CACHE)])


def describe_outcome(outcome: Outcome, options: Mapping[str, Any] | None = None) -> str:
    """Say what a run did, and what to type next; `options` are the judge's, which its scores need too."""
    table, state, folder = outcome.examples.table, outcome.state, outcome.folder
    if state is None:
        return describe_plan(outcome)
    n = {split: int(table["split"].eq(split).sum()) for split in SPLITS}
    held = sum(n[split] for split in HELD_OUT)
    lines = [
        *describe_left_out(outcome),
        *note_single_answers(table),
        f"done: {state.step} steps on {n[TRAIN]} examples in {state.seconds:.0f} s; "
        + (
            f"lowest loss on {n[STOP]} stop examples {state.best_loss:.4f} after step {state.best_step}"
            if n[STOP]
            else "no prompt was kept to tell when to stop"
        )
        + f"; {len(outcome.examples.left_out)} left out; {folder / MERGED} and {folder / ADAPTER}",
    ]
    size = measure_folder(folder / CACHE)
    if size:
        lines.append(
            f"{size / 1e9:.3g} GB of videos as the judge sees them are kept; the trained judge needs none "
            f"of them; to delete them: {write_removal(folder)}"
        )
    if held:
        lines.append(f"{held} examples are held out; score them: {write_command(outcome, options or {})}")
    return "\n".join(lines)


def write_command(outcome: Outcome, options: Mapping[str, Any]) -> str:
    """Write the command that scores what was held out."""
    folder = outcome.folder
    words = ["videophy-lab", "score", folder / "held_out.csv", "--scorer", f"trained={outcome.judge}"]
    words += ["--checkpoint", folder / MERGED]
    words += ["--rules", folder / "held_out_rules.csv"] if has_rules(outcome) else []
    words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return shlex.join(map(str, [*words, "--out", folder]))


def has_rules(outcome: Outcome) -> bool:
    """Tell whether there are held-out rules."""
    table = outcome.examples.table
    return bool((table["split"].isin(HELD_OUT) & table["task"].eq("rule")).any())
