"""Time scoring by the official pattern against ours, on the same random weights and videos, both in one run.

The official pattern decodes a video, encodes it and generates an answer anew for every question, one at a
time; it is written here against our own network, so that only the order of work differs. Ours is what
``videophy-lab score`` runs: one decode, one vision encoding and one prefix for all questions about a video,
answers by one pass and a look at the next token, decoding ahead, rows stored.

    python benchmarks/scoring.py [--size small|medium|full] [--videos N] [--rounds N]

Sizes: ``small`` takes seconds; ``medium`` has the true vision tower (24 layers of 1024, 32 frames) and a
small language model; ``full`` is the published shape of 7 B and needs a GPU. Answers of random weights mean
nothing, so both sides take the same number of new tokens (three: the lead, the digit, the end).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from videophy_lab.engine.local import run_jobs
from videophy_lab.engine.plan import Job
from videophy_lab.judges.autoeval import AutoEval
from videophy_lab.judges.base import Question
from videophy_lab.judges.owl.config import OwlConfig, make_config
from videophy_lab.judges.owl.generation import generate_official
from videophy_lab.judges.owl.network import OwlNetwork, make_random_network
from videophy_lab.judges.owl.pixels import make_pixels
from videophy_lab.judges.owl.tokenizer import OwlTokenizer
from videophy_lab.judges.questions import TEMPLATES, render_template
from videophy_lab.store import ScoreStore
from videophy_lab.video import decode_clip, encode_video

TOKENIZER = Path(__file__).parents[1] / "tests" / "golden" / "autoeval" / "checkpoint"
SIZES = {
    "small": dict(width=64, heads=4, vision_layers=2, vision_mlp=128, abstractor_layers=2, abstractor_mlp=256,
                  text_width=96, text_layers=2, text_mlp=160, text_heads=4, vocabulary=600),
    "medium": dict(text_width=1024, text_layers=4, text_mlp=2816, text_heads=16, vocabulary=600),
    "full": dict(),
}  # fmt: skip
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
NEW_TOKENS = 3
CAPTION = "A red ball rolls down a wooden ramp, falls off its end and bounces twice on the floor."
RULES = ("The ball falls.", "Each bounce is lower than the one before.", "The ball keeps its shape.")
QUESTIONS = (Question("sa", CAPTION), Question("pc"), *(Question("rule", rule) for rule in RULES))


class Stopwatch:
    """Seconds by part of the work; parts on a GPU are waited for only where their time is asked."""

    def __init__(self, device: str) -> None:
        self.device, self.seconds = device, dict.fromkeys(("decode", "vision", "language"), 0.0)

    @contextlib.contextmanager
    def time(self, part: str) -> Iterator[None]:
        """Add the time of a block to a part."""
        synchronise(self.device)
        started = time.perf_counter()
        yield
        synchronise(self.device)
        self.seconds[part] += time.perf_counter() - started

    def describe(self, total: float) -> str:
        """Say the share of each part in the whole."""
        shares = [f"{part} {100 * seconds / total:.1f} %" for part, seconds in self.seconds.items()]
        other = 1 - sum(self.seconds.values()) / total
        return ", ".join([*shares, f"rest {100 * other:.1f} %"])


def synchronise(device: str) -> None:
    """Wait for the GPU."""
    if device != "cpu":
        torch.cuda.synchronize()


def make_videos(folder: Path, count: int) -> list[Path]:
    """Make videos of 49 frames of 480 by 720 with moving shapes."""
    paths = []
    rows, columns = np.mgrid[:480, :720]
    for number in range(count):
        phase = rows // 8 + number
        frames = [np.stack([(columns + 6 * t) % 256, (phase * 5 + t) % 256, (columns // 3 + phase) % 256], -1)
                  for t in range(49)]  # fmt: skip
        paths.append(folder / f"{number}.mp4")
        encode_video(np.array(frames, dtype=np.uint8), paths[-1], fps=8)
    return paths


def score_officially(
    judge: AutoEval, network: OwlNetwork, tokenizer: OwlTokenizer, paths: Sequence[Path],
    questions: Sequence[Question], watch: Stopwatch,
) -> float:  # fmt: skip
    """Decode, encode and generate anew for every question; return the seconds."""
    started = time.perf_counter()
    for path in paths:
        for question in questions:
            with watch.time("decode"):
                pixels = make_pixels(decode_clip(path, [judge.view]).frames[judge.view])
            with watch.time("vision"), torch.inference_mode():
                media = network.encode_videos(pixels[None])
            with watch.time("language"):
                text = render_template(TEMPLATES["autoeval"][question.task], question.text)
                ids = tokenizer.encode_official(text)
                # without an end of text, so that random weights give three tokens like real ones
                generate_official(network, media[0], ids, eos=None, max_new_tokens=NEW_TOKENS)
    return time.perf_counter() - started


@contextlib.contextmanager
def watch_parts(judge: AutoEval, watch: Stopwatch) -> Iterator[None]:
    """Time a judge's vision and language work while a block runs."""
    encode, answer = judge.encode_clips, judge.answer_strictly

    def timed_encode(*arguments: object) -> object:
        with watch.time("vision"):
            return encode(*arguments)

    def timed_answer(*arguments: object) -> object:
        with watch.time("language"):
            return answer(*arguments)

    judge.encode_clips, judge.answer_strictly = timed_encode, timed_answer  # type: ignore[method-assign]
    yield
    del judge.encode_clips, judge.answer_strictly


def score_ours(
    judge: AutoEval, paths: Sequence[Path], questions: Sequence[Question], watch: Stopwatch
) -> float:
    """Score as the product does, store included; return the seconds."""
    jobs = [Job(f"g/{path.stem}/0", path.stem, path, {"autoeval": tuple(questions)}) for path in paths]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, ScoreStore(folder) as store, watch_parts(judge, watch):
        run_jobs(jobs, {"autoeval": judge}, {"autoeval": "benchmark"}, store, threads=os.cpu_count() or 1)
        failed = store.read()["status"].eq("failed").sum()
    if failed:
        raise RuntimeError(f"{failed} questions failed; a timing of failures means nothing")
    return time.perf_counter() - started


def import_store() -> None:
    """Store a row, so that importing what stores it is counted to no side, like the other imports."""
    row = {"video_id": "a", "scorer": "b", "spec": "c", "task": "d", "score": 1.0, "status": "ok"}
    with tempfile.TemporaryDirectory() as folder, ScoreStore(folder) as store:
        store.append([row])
        store.read()


def count_operations(config: OwlConfig, frames: int, lengths: Sequence[int], prefix: int) -> float:
    """Count the floating-point operations that one video and its questions need when all is shared.

    Twice the weights times the tokens, and attention's two products; norms and soft-maxes are not counted.
    """
    vision, abstractor, text = config.vision, config.abstractor, config.text
    tokens, width = frames * vision.tokens, vision.hidden_size
    layer = 4 * width**2 + 2 * width * vision.intermediate_size + width**2
    total = vision.num_hidden_layers * 2 * tokens * (layer + 2 * vision.tokens * width)
    queries = 2 * config.num_query_tokens
    read = tokens + queries
    wide = abstractor.hidden_size
    total += abstractor.num_hidden_layers * 2 * (
        2 * read * wide**2 + queries * (2 * wide**2 + 3 * wide * abstractor.mlp_size + 2 * read * wide)
    )  # fmt: skip
    words = prefix + sum(length - prefix + NEW_TOKENS - 1 for length in lengths)
    layer = 4 * text.hidden_size**2 + 3 * text.hidden_size * text.intermediate_size
    return total + text.num_hidden_layers * 2 * words * layer


def measure_matrices(device: str, dtype: torch.dtype, side: int) -> float:
    """Measure the card's throughput on square matrices, in operations a second."""
    left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        left @ right
    synchronise(device)
    started = time.perf_counter()
    for _ in range(10):
        left @ right
    synchronise(device)
    return 10 * 2 * side**3 / (time.perf_counter() - started)


def report_rates(
    judge: AutoEval, network: OwlNetwork, tokenizer: OwlTokenizer, n_videos: int, count: int, seconds: float
) -> None:
    """Print videos and questions a second and, on a GPU, memory and the share of its throughput."""
    rate = n_videos / seconds
    print(f"ours, {count} questions: {rate:.3g} videos/s, {count * rate:.3g} questions/s")
    device = str(network.device)
    if device == "cpu":
        print("no GPU here: memory and throughput of a card were not measured")
        return
    texts = [render_template(TEMPLATES["autoeval"][asked.task], asked.text) for asked in QUESTIONS[:count]]
    ids = [tokenizer.encode_official(text) for text in texts]
    prefix = next((k for k in range(len(ids[0])) if len({each[k] for each in ids}) > 1), len(ids[0]) - 1)
    operations = count_operations(network.config, judge.frames, [len(each) for each in ids], prefix)
    peak = measure_matrices(device, network.dtype, 8192)
    speed = n_videos * operations / seconds
    print(f"peak memory {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
    print(f"{operations / 1e12:.2f} TFLOP a video: {speed / 1e12:.1f} TFLOP/s")
    print(f"{100 * speed / peak:.1f} % of the {peak / 1e12:.0f} TFLOP/s that square matrices reach")


def main() -> None:
    """Run both sides and print what they took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=SIZES, default="medium")
    parser.add_argument("--videos", type=int, default=0, help="default: 1 on a CPU, 4 for small, 32 on a GPU")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--questions", type=int, nargs="+", default=[1, 5], choices=range(1, len(QUESTIONS) + 1)
    )
    parser.add_argument("--dtype", choices=DTYPES, default="", help="default: bf16 on a GPU, else fp32")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--compile", action="store_true", help="compile the vision tower before timing")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.size == "full" and device == "cpu":
        parser.exit(2, "full needs a GPU and none is here, so nothing was measured. Type --size medium\n")
    dtype = options.dtype or ("bf16" if device == "cuda" else "fp32")
    n_videos = options.videos or (32 if device == "cuda" else 4 if options.size == "small" else 1)
    card = (
        torch.cuda.get_device_name() if device == "cuda" else f"{os.cpu_count()} cores, {platform.machine()}"
    )
    print(
        f"{options.size}, {dtype}, {card}, torch {torch.__version__}; {n_videos} videos of 49 frames, 720×480"
    )

    network = make_random_network(
        make_config(**SIZES[options.size]), seed=0, dtype=DTYPES[dtype], device=device
    )
    tokenizer = OwlTokenizer.from_folder(TOKENIZER)
    judge = AutoEval(dtype=dtype, batch_size=options.batch_size, max_new_tokens=NEW_TOKENS)
    judge._network, judge._tokenizer = network, tokenizer
    with tempfile.TemporaryDirectory() as folder:
        paths = make_videos(Path(folder), n_videos)
        if options.compile:
            network.compile()
        import_store()
        if device == "cuda":
            score_ours(judge, paths, QUESTIONS, Stopwatch(device))
        for count in options.questions:
            ratios = []
            for _ in range(options.rounds):
                slow, fast = Stopwatch(device), Stopwatch(device)
                # a GPU does the official pattern on few videos, so that it ends
                some = paths[: max(1, n_videos // 4)] if device == "cuda" else paths
                official = score_officially(judge, network, tokenizer, some, QUESTIONS[:count], slow)
                ours = score_ours(judge, paths, QUESTIONS[:count], fast)
                ratios.append((official / len(some)) / (ours / n_videos))
                print(f"{count} questions a video: official {official / len(some):.3g} s a video "
                      f"({slow.describe(official)}); ours {ours / n_videos:.3g} s a video "
                      f"({fast.describe(ours)}); {ratios[-1]:.2f}×")  # fmt: skip
            print(f"{count} questions a video: ours is {np.median(ratios):.2f}× as fast")
        report_rates(judge, network, tokenizer, n_videos, count, ours)


if __name__ == "__main__":
    main()
