"""The steps of a training, the same for one process and several."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from videophy_lab.training.batches import Share, choose_examples, share_examples
from videophy_lab.training.checkpoints import State, list_trained, load_state, save_best, save_state
from videophy_lab.training.progress import StepLog, show_progress
from videophy_lab.training.settings import Settings
from videophy_lab.training.splits import STOP, TRAIN

if TYPE_CHECKING:
    from videophy_lab.training.students import Student, Task

BETAS = (0.9, 0.999)
ALL = "all"
# what torch says of the machine's own memory, which has no error of its own
NO_ROOM = ("can't allocate memory", "not enough memory")
MEMORY = (
    "Remedy: --micro-batch 1, then --gradient-checkpointing, then --dtype bf16; or a GPU with more memory. "
    "The checkpoints are kept, and the same command goes on from the last."
)


class TrainingStoppedError(OSError):
    """A training cannot go on; the message says why and what to do. Its checkpoints are kept."""


@dataclass
class Course:
    """What is learnt, and by whom.

    Attributes
    ----------
    student : Student
        Prepared.
    settings : Settings
    weights : array of float, shape (examples,)
        Of the training examples in the loss.
    read : callable
        Gives a training or stop example: split and place to Task.
    stop_tasks : sequence of str
        Task of each stop example.
    folder : Path
        Of checkpoints.
    log : Path
        Of steps.
    accelerator : accelerate.Accelerator
    asked_to_stop : bool
        Whether this process was; `interrupted` is what all of them know.
    """

    student: Student
    settings: Settings
    weights: np.ndarray
    read: Callable[[str, int], Task]
    stop_tasks: Sequence[str]
    folder: Path
    log: Path
    accelerator: Any
    asked_to_stop: bool = field(default=False, init=False)
    interrupted: bool = field(default=False, init=False)

    @property
    def n_steps(self) -> int:
        """Give the number of steps."""
        return self.settings.count_steps(len(self.weights))


def train(course: Course, trainee: Any, *, shown: bool = True) -> State:
    """Train until all steps are done, the loss on the stop prompts falls no more, or it is interrupted.

    Returns
    -------
    State
        At the end; ``course.interrupted`` says whether that was Ctrl-C (or a SIGTERM), after which a
        checkpoint was written.

    Raises
    ------
    TrainingStoppedError
        No memory is left, or the loss is no number.
    """
    import torch

    settings, accelerator = course.settings, course.accelerator
    if settings.gradient_checkpointing:
        trainee.keep_less()
    trained = list(list_trained(trainee).values())
    optimizer = torch.optim.AdamW(trained, settings.learning_rate, BETAS, weight_decay=settings.weight_decay)
    state = load_state(course.folder, trainee, optimizer)
    main = accelerator.is_main_process
    log = StepLog(course.log, step=state.step) if main else None
    model = accelerator.prepare_model(trainee)
    begun = time.perf_counter() - state.seconds
    try:
        with (
            catch_signals(course),
            show_progress(course.n_steps, unit=" steps", shown=shown and main, done=state.step) as report,
        ):
            if state.step == 0 and course.stop_tasks:
                look(course, model, trainee, state, log, begun)
            while state.step < course.n_steps and not is_over(state, settings) and not course.interrupted:
                told = take_step(course, model, trainee, optimizer, state.step)
                state.step += 1
                state.seconds = time.perf_counter() - begun
                if log is not None:
                    log.append([{"step": state.step, **told, "seconds": f"{state.seconds:.3f}"}])
                last = state.step == course.n_steps
                if course.stop_tasks and (last or state.step % settings.evaluate_every == 0):
                    look(course, model, trainee, state, log, begun)
                over = last or is_over(state, settings) or course.interrupted
                if main and (over or state.step % settings.save_every == 0):
                    save_state(course.folder, state, trainee, optimizer)
                best = f", best {state.best_loss:.4f}" if math.isfinite(state.best_loss) else ""
                report(1, f"loss {told['loss']:.4f}{best}")
    except (torch.OutOfMemoryError, RuntimeError) as error:
        on_host = any(words in str(error) for words in NO_ROOM)
        if isinstance(error, torch.OutOfMemoryError) or on_host:
            reason = str(error).strip().splitlines()[0]
            raise TrainingStoppedError(f"the memory is too small for a step ({reason}). {MEMORY}") from error
        raise
    accelerator.wait_for_everyone()
    return state


def is_over(state: State, settings: Settings) -> bool:
    """Tell whether the loss on the stop prompts has not fallen for long enough."""
    return bool(settings.patience) and state.worse >= settings.patience


def take_step(course: Course, model: Any, trainee: Any, optimizer: Any, step: int) -> dict[str, Any]:
    """Take one step; give its row of the log."""
    import torch

    settings, accelerator = course.settings, course.accelerator
    rank, world = accelerator.process_index, accelerator.num_processes
    places = choose_examples(step, len(course.weights), settings)
    parts = share_examples(places, course.weights, rank=rank, world=world).split(settings.micro_batch)
    rate = settings.find_rate(step, course.n_steps)
    for group in optimizer.param_groups:
        group["lr"] = rate
    # what dropout draws depends on the step and the process alone
    torch.manual_seed(np.random.SeedSequence([settings.seed, step, rank]).generate_state(1)[0].item())
    trainee.set_training(True)
    totals = torch.zeros(3, dtype=torch.float64)
    for number, part in enumerate(parts, start=1):
        quiet = nullcontext() if number == len(parts) else accelerator.no_sync(model)
        with quiet:
            losses, hits = model(**collate(course, TRAIN, part))
            weights = torch.tensor(part.weights, device=losses.device)
            loss = (losses * weights).sum()
            # gradients are averaged over processes
            accelerator.backward(loss * world)
        counted = weights > 0
        totals += torch.stack([loss.detach(), (hits & counted).sum(), counted.sum()]).double().cpu()
    norm = accelerator.clip_grad_norm_(list(list_trained(trainee).values()), settings.clip)
    found = add_up(course, [*totals.tolist(), float(course.asked_to_stop)])
    course.interrupted = found[3] > 0
    if not math.isfinite(found[0]) or not math.isfinite(float(norm)):
        raise TrainingStoppedError(
            f"the loss of step {step + 1} is {found[0]:g}, its gradient's norm {float(norm):g}. Remedy: a "
            "lower --learning-rate, or --dtype fp32; the checkpoints before it are kept."
        )
    optimizer.step()
    optimizer.zero_grad()
    exact, n_examples = found[1] / found[2], int(found[2])
    facts = {"learning_rate": rate, "gradient_norm": float(norm), "n_examples": n_examples}
    return {"split": TRAIN, "task": ALL, "loss": found[0], "exact": exact, **facts}


def look(course: Course, model: Any, trainee: Any, state: State, log: StepLog | None, begun: float) -> None:
    """Compute the loss on the stop prompts, keep the weights if it is the lowest, and log it by task."""
    import torch

    settings, accelerator = course.settings, course.accelerator
    tasks = sorted(set(course.stop_tasks))
    sums = np.zeros((len(tasks), 3))
    own = list(range(accelerator.process_index, len(course.stop_tasks), accelerator.num_processes))
    trainee.set_training(False)
    with torch.no_grad():
        for part in Share(tuple(own), (1.0,) * len(own)).split(settings.micro_batch):
            # not through the model that waits for other processes: these may have fewer parts
            losses, hits = trainee(**collate(course, STOP, part))
            for place, loss, hit in zip(part.places, losses.tolist(), hits.tolist(), strict=True):
                sums[tasks.index(course.stop_tasks[place])] += (loss, hit, 1)
    sums = np.array(add_up(course, sums.ravel().tolist())).reshape(sums.shape)
    totals = dict(zip([ALL, *tasks], [sums.sum(axis=0), *sums], strict=True))
    loss = float(totals[ALL][0] / totals[ALL][2])
    if loss < state.best_loss:
        state.best_loss, state.best_step, state.worse = loss, state.step, 0
        if accelerator.is_main_process:
            save_best(course.folder, state.step, trainee)
    else:
        state.worse += 1
    state.seconds = time.perf_counter() - begun
    if log is not None:
        log.append(
            [
                {"step": state.step, "split": STOP, "task": task, "loss": of_task[0] / of_task[2],
                 "exact": of_task[1] / of_task[2], "n_examples": int(of_task[2]),
                 "seconds": f"{state.seconds:.3f}"}
                for task, of_task in totals.items()
            ]
        )  # fmt: skip


def collate(course: Course, split: str, part: Share) -> dict[str, Any]:
    """Read the examples of a part as the network takes them."""
    return course.student.collate([course.read(split, place) for place in part.places])


def add_up(course: Course, numbers: Sequence[float]) -> list[float]:
    """Add numbers up over all processes."""
    import torch

    accelerator = course.accelerator
    own = torch.tensor(numbers, dtype=torch.float64, device=accelerator.device)
    total: list[float] = accelerator.reduce(own, "sum").tolist()
    return total


@contextmanager
def catch_signals(course: Course) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the training after the step at hand, a second one at once."""

    def note(number: int, frame: FrameType | None) -> None:
        if course.asked_to_stop:
            raise KeyboardInterrupt
        course.asked_to_stop = True

    kinds = (signal.SIGINT, signal.SIGTERM)
    try:
        before = {kind: signal.signal(kind, note) for kind in kinds}
    except ValueError:  # only the main thread may
        yield
        return
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
