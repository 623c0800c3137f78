"""Train a judge: from ratings and videos to a checkpoint, in a folder that a later run goes on from."""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videophy_lab.building import build_scorers
from videophy_lab.devices import choose_device
from videophy_lab.extras import import_extra
from videophy_lab.training.checkpoints import State, find_best, load_weights
from videophy_lab.training.examples import Examples, make_examples
from videophy_lab.training.export import ADAPTER, MERGED, merge, save_adapter
from videophy_lab.training.folder import (
    check_identity,
    hold_folder,
    name_run,
    read_finished,
    write_result,
    write_tables,
)
from videophy_lab.training.loop import Course, TrainingStoppedError, train
from videophy_lab.training.media import CACHE, MediaCache, encode_videos
from videophy_lab.training.outcome import Outcome
from videophy_lab.training.planning import plan
from videophy_lab.training.preparing import (
    check_enough,
    drop_unreadable,
    make_question,
    note_single_answers,
    of_split,
    split_examples,
)
from videophy_lab.training.settings import Settings
from videophy_lab.training.splits import STOP, TRAIN
from videophy_lab.training.students import EXTRA, Student, Task, make_student

if TYPE_CHECKING:
    import pandas as pd


CHECKPOINTS, STEPS = "checkpoints", "steps.csv"
DTYPES = ("auto", "bf16", "fp32")
WAIT = timedelta(hours=24)


def train_judge(
    ratings: str | Path | pd.DataFrame,
    videos: str | Path | pd.DataFrame,
    *,
    base: str | Path,
    out: str | Path,
    rules: str | Path | pd.DataFrame | None = None,
    prompts: str | Path | pd.DataFrame | None = None,
    judge: str = "autoeval",
    options: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    device: str = "auto",
    dtype: str = "auto",
    progress: bool = True,
    dry_run: bool = False,
) -> Outcome:
    """Train a judge on ratings by an adapter in its language model, and merge it into a checkpoint.

    The judge learns SA, PC and rules at once, from its own questions, by the loss of the answers' tokens.
    Under ``accelerate launch`` each process takes its share of every step. But for rounding the result is
    that of one process where `dropout` is 0; otherwise each process draws for itself what it drops.

    Parameters
    ----------
    ratings, videos, rules, prompts : path or DataFrame
        See :func:`videophy_lab.training.examples.make_examples`.
    base : path
        Folder, or repository of the hub, of the weights to begin with; VideoCon-Physics for AutoEval.
    out : path
        Folder for everything. Where a run with the same examples and settings was cut off it goes on.
    judge : str
        ``autoeval``, or a vision-language model of transformers (``vlm``, ``qwen3_vl``, …).
    options : mapping, optional
        Of the judge, such as ``{"frames": 16}``.
    settings : Settings, optional
    device : {"auto", "cpu", "cuda"}
    dtype : {"auto", "bf16", "fp32"}
        Precision of the base; the adapter learns in fp32. ``auto`` is bf16 on CUDA and fp32 on a CPU.
    progress : bool
        Show bars and notes on stderr.
    dry_run : bool
        Count the examples and estimate what it takes; write nothing.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        Nothing to train on, one answer only to every task, tables or settings that do not fit, a folder of
        another training.
    ImportError
        An extra is not installed.
    TrainingStoppedError
        No memory, a loss that is no number, or another run in the folder.
    """
    settings, out = settings or Settings(), Path(out)
    student, accelerator = choose_student(
        judge, {"checkpoint": str(base), "dtype": dtype, **(options or {})}, device, dry_run=dry_run
    )
    made = make_examples(ratings, videos, rules=rules, prompts=prompts, tasks=student.judge.card.tasks)
    examples = split_examples(made, settings)
    check_enough(examples)
    if accelerator is None:
        return plan(examples, student, settings, out)
    main = accelerator.is_main_process
    if main and progress:
        sys.stderr.writelines(f"{note}\n" for note in note_single_answers(examples.table))
    with hold_folder(out, wanted=main):
        check_identity(out, name_run(examples.table, student.judge.describe(), settings), wanted=main)
        finished = read_finished(out, settings)
        if finished is not None:
            return Outcome(examples, settings, out, judge, finished, is_main=main)
        return carry_out(examples, student, settings, out, accelerator, shown=progress)


def choose_student(
    judge: str, options: Mapping[str, Any], device: str, *, dry_run: bool
) -> tuple[Student, Any]:
    """Choose who learns, and where: with an accelerator, but for a dry run."""
    if options["dtype"] not in DTYPES:
        raise ValueError(
            f"dtype is {options['dtype']!r}. Allowed: {', '.join(DTYPES)}; fp16 loses the small gradients of "
            "a training."
        )
    make_student(build_scorers({judge: judge})[judge])  # before its options, which others lack
    accelerator = None if dry_run else make_accelerator(device)
    where = choose_device(device) if accelerator is None else name_device(accelerator)
    student = make_student(build_scorers({judge: judge}, {"device": where, **options})[judge])
    student.judge.weights_option = "--base"
    return student, accelerator


def make_accelerator(device: str) -> Any:
    """Join the processes that ``accelerate launch`` started, or be the only one."""
    for module in ("torch", "accelerate", "peft"):
        import_extra(module, EXTRA)
    from accelerate import Accelerator
    from accelerate.utils import InitProcessGroupKwargs

    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(
            f"device is {device!r}. Allowed: auto, cpu, cuda; accelerate launch chooses the GPUs."
        )
    where = choose_device(device)
    # one process may wait for hours for another that encodes videos
    return Accelerator(
        cpu=where == "cpu", mixed_precision="no", kwargs_handlers=[InitProcessGroupKwargs(timeout=WAIT)]
    )


def name_device(accelerator: Any) -> str:
    """Name the device of this process."""
    return "cpu" if accelerator.device.type == "cpu" else str(accelerator.device)


def carry_out(
    examples: Examples, student: Student, settings: Settings, out: Path, accelerator: Any, *, shown: bool
) -> Outcome:
    """Encode, train, and write what comes of it."""
    from videophy_lab.judges.base import make_spec

    main = accelerator.is_main_process
    student.prepare()
    cache = MediaCache(out / CACHE / make_spec(student.judge.describe()))
    examples = encode_examples(examples, student, cache, accelerator, shown=shown and main)
    tables = {name: of_split(examples, name) for name in (TRAIN, STOP)}
    weights = write_tables(out, examples, settings, wanted=main)

    def read(split: str, place: int) -> Task:
        row = tables[split].iloc[place]
        return student.write(make_question(row), int(row["answer"]), cache.read(row["sha256"]))

    course = Course(
        student,
        settings,
        weights,
        read,
        stop_tasks=list(tables[STOP]["task"]),
        folder=out / CHECKPOINTS,
        log=out / STEPS,
        accelerator=accelerator,
    )
    trainee = student.make_trainee(settings)
    state = train(course, trainee, shown=shown)
    done = Outcome(examples, settings, out, student.judge.card.name, state, course.interrupted, main)
    if main and not course.interrupted:
        finish(done, state, student, trainee)
    accelerator.wait_for_everyone()
    return done


def encode_examples(
    examples: Examples, student: Student, cache: MediaCache, accelerator: Any, *, shown: bool
) -> Examples:
    """Encode the videos that are looked at, and leave out what cannot be read or asked."""
    learnt = examples.table[examples.table["split"].isin((TRAIN, STOP))]
    videos = dict(zip(learnt["sha256"], learnt["path"], strict=True))
    rank, world = accelerator.process_index, accelerator.num_processes
    encode_videos(student, videos, cache, rank=rank, world=world, shown=shown)
    accelerator.wait_for_everyone()
    readable = drop_unreadable(examples, student, cache)
    check_enough(readable)
    return readable


def finish(done: Outcome, state: State, student: Student, trainee: Any) -> None:
    """Write the adapter, base and adapter merged, and what was done."""
    chosen = load_chosen(done, state, trainee)
    save_adapter(student.adapted, done.folder / ADAPTER)
    student.forget()
    del trainee
    gc.collect()
    merge(student.judge, done.folder / ADAPTER, done.folder / MERGED, done.settings.export_dtype)
    write_result(done.folder, student.judge, done.settings, state, chosen_step=chosen)


def load_chosen(done: Outcome, state: State, trainee: Any) -> int:
    """Put the weights that are kept into the network: the best ones, or the last; give their step.

    Raises
    ------
    TrainingStoppedError
        The file of the best ones is gone.
    """
    if not done.settings.patience or not math.isfinite(state.best_loss):
        return state.step
    checkpoints = done.folder / CHECKPOINTS
    best = find_best(checkpoints, state.best_step)
    if not best.is_file():
        raise TrainingStoppedError(
            f"{best} is gone, whose weights are the best ones. Remedy: delete {checkpoints}, and the same "
            "command trains anew."
        )
    load_weights(trainee, best)
    return state.best_step
