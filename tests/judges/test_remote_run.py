"""Whole runs of remote judges over files, a real score store and a server that behaves badly."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.bad_server import BadServer, find_texts
from tests.test_cli_score import run
from videophy_lab.datasets import load_videos
from videophy_lab.judges.remote import Gemini, OpenAICompatible
from videophy_lab.schema import check_table
from videophy_lab.scoring import score_videos
from videophy_lab.scoring.summary import describe_outcome, describe_plan
from videophy_lab.store import read_scores
from videophy_lab.video import encode_video

VARIABLE, KEY = "TEST_SERVER_KEY", "sk-recognisable-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
# two questions about each
VIDEOS = 100
# enough where not the number of questions is what is shown
FEW = 20
# plan → status of the row, part of its reason; each is followed by as many questions
PLANS: dict[tuple[str, ...], tuple[str, str]] = {
    ("good",): ("ok", ""),
    ("429", "good"): ("ok", ""),
    ("500", "503", "good"): ("ok", ""),
    ("cut", "good"): ("ok", ""),
    ("nonsense", "range", "good"): ("ok", ""),
    ("html", "good"): ("ok", ""),
    ("parrot",): ("ok", ""),
    ("fenced",): ("ok", ""),
    ("slow", "good"): ("ok", ""),
    ("408", "html 502", "good"): ("ok", ""),
    ("range",): ("unscored", "no answer of the asked form after 3 calls"),
    ("prose",): ("unscored", "no answer of the asked form after 3 calls"),
    ("empty",): ("unscored", "no answer of the asked form after 3 calls"),
    ("safety",): ("unscored", "the provider gave no answer"),
    ("prohibited",): ("unscored", "the provider gave no answer"),
    ("429 long",): ("failed", "asks to wait 3600 s"),
    ("503",): ("failed", "HTTP 503: not now (given up after 4 attempts)"),
    ("cut",): ("failed", "the connection broke"),
    ("400",): ("failed", "HTTP 400: not now"),
    ("key",): ("failed", "HTTP 400: xxx"),
}
QUICK = {
    "attempts": 4,
    "timeout": 60.0,
    "backoff": 0.01,
    "longest_wait": 5.0,
    "concurrency": 20,
    "batch_size": 100,
}
JUDGES = {"gemini": Gemini, "openai": OpenAICompatible}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make small videos that differ, each with its caption."""
    return write_videos(tmp_path_factory.mktemp("videos"), VIDEOS)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("few"), FEW)


def write_videos(folder: Path, count: int) -> Path:
    rows = ["file,caption"]
    for number in range(count):
        encode_video(np.full((4, 16, 16, 3), 2 * number, np.uint8), folder / f"{number}.mp4", fps=8)
        rows.append(f"{number}.mp4,Scene {number}.")
    (folder / "captions.csv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def make_judge(name: str, server: BadServer, cache: Path, **options: object) -> Gemini | OpenAICompatible:
    base = server.address if name == "gemini" else f"{server.address}/v1"
    given = {"base_url": base, "key_variable": VARIABLE, "cache": str(cache), "price": "1,2"}
    model = {} if name == "gemini" else {"model": "Qwen/Qwen3-VL-8B-Instruct", "frames": 2}
    return JUDGES[name](**given | model | QUICK | options)


def find_leaks(folder: Path) -> list[str]:
    """Find files that hold a part of the key, plain or compressed in a table."""
    part = KEY[:18]
    leaks = [str(path) for path in folder.rglob("*") if path.is_file() and part.encode() in path.read_bytes()]
    for path in folder.rglob("*.parquet"):
        leaks += [str(path)] if part in pd.read_parquet(path).to_csv() else []
    return leaks


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("gemini", 2 * VIDEOS), ("openai", 2 * FEW)])
def test_200_questions_to_a_bad_server(
    name: str, count: int, folder: Path, few: Path, tmp_path: Path, capfd, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    videos, of_each = folder if count == 2 * VIDEOS else few, count // len(PLANS)
    out, cache = tmp_path / "run", tmp_path / "answers"
    # a good answer may take a while on a loaded machine, and a slow one takes longer than any
    with BadServer([list(plan) for plan in PLANS], slow=60) as server:
        judge = make_judge(name, server, cache, timeout=6)
        second = make_judge(name, server, cache, timeout=6)
        first = score_videos(videos, [judge], out=out, tasks=["sa", "pc"])
        sent = len(server.calls)
        again = score_videos(videos, [second], out=out, tasks=["sa", "pc"])
        assert len(server.calls) == sent, "a second run sends nothing"
    rows = first.rows
    check_table(rows, "scores")
    assert (len(rows), len(server.questions), first.asked, again.asked) == (count, count, count, 0)
    pd.testing.assert_frame_equal(rows, again.rows)

    # the plans of each kind, each followed by as many questions
    assert Counter(rows["status"]) == {"ok": 10 * of_each, "unscored": 5 * of_each, "failed": 5 * of_each}
    assert rows["score"].notna().eq(rows["status"].eq("ok")).all()
    assert rows.loc[rows["status"].ne("ok"), "error"].fillna("").str.len().gt(0).all()
    reasons = rows["error"].fillna("").astype(str)
    for reason in {reason for _, reason in PLANS.values() if reason}:
        plans = sum(reason == other for _, other in PLANS.values())
        assert reasons.str.contains(reason, regex=False).sum() == of_each * plans, reason
    counted = rows.loc[rows["status"].ne("failed"), "cost"]
    # 1000 tokens in and 100 out a reply, at 1 and 2 dollars a million
    assert np.allclose(counted / 0.0012, (counted / 0.0012).round())
    assert counted.between(0.0012, 0.0036 + 1e-9).all()

    shown = capfd.readouterr()
    assert KEY in next(
        call.headers.get("x-goog-api-key", call.headers.get("authorization")) for call in server.asked
    )
    assert find_leaks(tmp_path) == []
    assert KEY[:18] not in shown.out + shown.err + repr(judge) + rows.to_csv() + describe_outcome(first)
    assert KEY[:18] not in "".join(record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("name", JUDGES)
def test_a_run_without_its_store_pays_nothing_again(name: str, few: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "run", tmp_path / "answers"
    with BadServer() as server:
        judge = make_judge(name, server, cache)
        first = score_videos(few, [judge], out=out, tasks=["sa"], progress=False)
        assert len(server.calls) == FEW
        shutil.rmtree(out)
        plan = score_videos(few, [judge], out=out, tasks=["sa"], dry_run=True).plan
        assert f"; {FEW} answers are in the cache, 0 to pay" in describe_plan(plan)
        again = score_videos(few, [judge], out=out, tasks=["sa"], progress=False)
        assert len(server.calls) == FEW
    columns = ["video_id", "score", "answer", "status", "cost", "spec"]
    pd.testing.assert_frame_equal(sort_rows(first.rows)[columns], sort_rows(again.rows)[columns])


@pytest.mark.parametrize("name", JUDGES)
def test_a_repeat_is_asked_again_and_paid_and_another_caption_only_where_it_is_asked_with(
    name: str, few: Path, tmp_path: Path
) -> None:
    videos = load_videos(few).head(3).reset_index(drop=True)
    swapped = videos.assign(probe="caption_swap", caption=[*videos["caption"][1:], videos["caption"][0]])
    repeats = [videos.assign(probe=f"repeat_{number}") for number in (1, 2)]
    probed = pd.concat([videos.assign(probe="reencode"), swapped, *repeats])
    with BadServer() as server:
        judge = make_judge(name, server, tmp_path / "answers")
        plan = score_videos(probed, [judge], out=tmp_path / "run", dry_run=True).plan
        assert "21 calls of" in describe_plan(plan)
        rows = score_videos(probed, [judge], out=tmp_path / "run", progress=False).rows
        # the question about physics holds no caption: it is not asked with another one
        assert len(server.calls) == 21
        shutil.rmtree(tmp_path / "run")
        score_videos(probed, [judge], out=tmp_path / "run", progress=False)
        assert len(server.calls) == 21, "a run that lost its scores pays for no repeat again"
    assert rows["status"].eq("ok").all()
    assert rows.groupby("probe").size().to_dict() == {
        "caption_swap": 3, "reencode": 6, "repeat_1": 6, "repeat_2": 6,
    }  # fmt: skip


def sort_rows(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values("video_id", ignore_index=True)


def test_a_dry_run_prices_the_job_and_sends_nothing(few: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv(VARIABLE)
    with BadServer() as server:
        judge = make_judge("gemini", server, tmp_path, price="")
        plan = score_videos(few, [judge], out=tmp_path / "run", tasks=["pc"], dry_run=True).plan
    line = next(line for line in describe_plan(plan).splitlines() if "calls of" in line)
    # half a second at 8 frames a second is 4 frames of 258 tokens, and the words of the question
    words = len(judge.describe()["templates"]["pc"])
    tokens = FEW * (4 * 258 + -(-words // 4))
    assert f"{FEW} calls of gemini-3.8-flash, about {tokens} tokens in and {500 * FEW} out" in line
    assert f"about ${(tokens * 0.75 + 500 * FEW * 3.75) / 1e6:.2f} (assumed" in line
    assert server.calls == []


def test_an_interrupted_run_goes_on_where_it_was(few: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "run", tmp_path / "answers"
    # of the first 10 questions, two are under way when the user interrupts
    plans = [["good"]] * 8 + [["slow", "good"]] * 2 + [["good"]] * 10
    with BadServer(plans, slow=60) as server:
        judge = make_judge("gemini", server, cache, batch_size=10)

        def interrupt() -> None:
            while len(list(cache.glob("*.json"))) < 8 or len(server.asked) < 10:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            score_videos(few, [judge], out=out, tasks=["sa"], progress=False)
        assert len(server.calls) == 10
        outcome = score_videos(few, [judge], out=out, tasks=["sa"], progress=False)
    assert outcome.rows["status"].eq("ok").sum() == FEW
    assert sorted(server.made.values()) == [1] * 18 + [2] * 2


def test_a_broken_file_is_a_row_and_no_call(tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    encode_video(np.zeros((4, 16, 16, 3), np.uint8), folder / "whole.mp4", fps=8)
    (folder / "broken.mp4").write_bytes(b"no video")
    with BadServer() as server:
        judge = make_judge("gemini", server, tmp_path / "answers")
        rows = score_videos(folder, [judge], out=tmp_path / "run", tasks=["pc"], progress=False).rows
    assert sorted(rows["status"]) == ["failed", "ok"]
    assert len(server.calls) == 1
    assert "physical laws" in find_texts(server.calls[0])[0]


def test_a_key_that_is_refused_ends_the_run_and_the_same_command_goes_on(few: Path, tmp_path: Path) -> None:
    # the second batch finds the key revoked; then the user mends it
    with BadServer([["good"]] * 8 + [["401"]] * 12) as server:
        command: list[object] = ["score", few, "--scorer", "gemini", "--scorer", "sharpness"]
        command += ["--tasks", "sa,sharpness", "--out", tmp_path / "run"]
        for name, value in list_options(server, tmp_path).items():
            command += ["-o", f"gemini.{name}={value}"]
        code, _, said = run(*command)
        assert code == 1
        assert (
            f"gemini: {server.address} does not know the key. Remedy: export a valid one as {VARIABLE}"
            in said
        )
        assert "What was scored is kept; mend that, and type the same again" in said
        assert 8 < len(server.calls) <= 8 + 4
        stored = read_scores(tmp_path / "run" / "scores")
        assert stored["status"].eq("ok").all()
        assert stored["scorer"].eq("gemini").sum() == 8
        server.plans = [["good"]]
        code, told, _ = run(*command)
        assert (code, sorted(server.made.values())[:8]) == (0, [1] * 8)
    assert f"gemini: {FEW} ok, 0 unscored, 0 failed" in told
    assert KEY[:18] not in said + told
    assert find_leaks(tmp_path) == []


def list_options(server: BadServer, folder: Path) -> dict[str, object]:
    return {
        "base_url": server.address,
        "key_variable": VARIABLE,
        "cache": folder / "answers",
        "batch_size": 8,
        "concurrency": 4,
        "backoff": 0.01,
    }
