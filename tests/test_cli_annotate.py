"""The command annotate: it prints one address, serves until it is stopped, and says what there is."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.annotation.made_tasks import write_videos
from tests.browser import find_port
from videophy_lab.cli import app


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("rated") / "videos", n_prompts=1)


def post(address: str, what: str, body: dict) -> dict:
    request = urllib.request.Request(
        f"{address}{what}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.loads(reply.read())


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped_and_keeps_the_ratings(videos: Path, tmp_path: Path, stop: int) -> None:
    out, port = tmp_path / "ratings.csv", find_port()
    command = [sys.executable, "-m", "videophy_lab.cli", "annotate", str(videos), "--out", str(out),
               "--port", str(port), "--annotator", "Ada", "--tasks", "pc"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        try:
            address = run.stdout.readline().removeprefix("open ").strip()
            assert address.startswith(f"http://127.0.0.1:{port}/")
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
            plan = post(address, "open", {})
            assert (plan["annotator"], {item["kind"] for item in plan["items"]}) == ("Ada", {"pc"})
            item = plan["items"][0]["id"]
            body = {"answer_id": "command-1", "item": item, "question": "pc", "value": 4}
            assert post(address, "answer", body)["seen"] == 1
        finally:
            run.send_signal(stop)
            said, complained = run.communicate(timeout=120)
    assert run.returncode == 0, complained
    assert said.strip() == f"done: 1 rating and 0 comparisons of 1 annotator: {out}"
    assert "Traceback" not in complained
    assert pd.read_csv(out)["rating"].tolist() == [4]


def serve_for_a_moment(videos: Path, out: Path, *values: int) -> tuple[int, str, str]:
    """Let Ada give some answers, and stop; give the return code and what was said."""
    command = [sys.executable, "-m", "videophy_lab.cli", "annotate", str(videos), "--out", str(out),
               "--annotator", "Ada", "--tasks", "pc", "--attention-every", "0"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        try:
            address = run.stdout.readline().removeprefix("open ").strip()
            items = post(address, "open", {})["items"]
            for number, value in enumerate(values):
                body = {"answer_id": f"{out.parent.name}-{number}-{value}", "item": items[number]["id"]}
                post(address, "answer", {**body, "question": "pc", "value": value})
        finally:
            run.send_signal(signal.SIGINT)
            said, complained = run.communicate(timeout=120)
    return run.returncode, said, complained


def test_a_copy_of_a_log_stops_nothing_and_a_foreign_line_is_named(videos: Path, tmp_path: Path) -> None:
    out = tmp_path / "ratings.csv"
    assert serve_for_a_moment(videos, out, 3)[0] == 0
    log = next((tmp_path / "ratings.answers").glob("*.jsonl"))
    log.with_name("Ada-conflict.jsonl").write_bytes(log.read_bytes() + b'{"answer_id": "12345678"}\n')
    code, said, complained = serve_for_a_moment(videos, out, 3, 4)
    assert code == 0, complained
    assert said.strip() == f"done: 2 ratings and 0 comparisons of 1 annotator: {out}"
    assert (
        "1 line of the logs is no answer: Ada-conflict.jsonl, line 2: its annotator is missing" in complained
    )
    assert sorted(pd.read_csv(out)["rating"]) == [3, 4]


def test_ratings_that_contradict_each_other_are_an_error_not_a_traceback(
    videos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "ratings.csv"
    assert serve_for_a_moment(videos, out, 3)[0] == 0
    log = next((tmp_path / "ratings.answers").glob("*.jsonl"))
    other = json.loads(log.read_bytes()) | {"answer_id": "of-another-task", "item_id": "another name"}
    log.with_name("other.jsonl").write_text(json.dumps(other) + "\n")
    code, _, complained = serve_for_a_moment(videos, out)
    assert code == 1
    assert "Traceback" not in complained
    assert "have the same video_id" in complained
    assert f"the answers are safe in {tmp_path / 'ratings.answers'}" in " ".join(complained.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tasks", "beauty"], "no task is called 'beauty'"),
        (["--tasks", "rule"], "rule cannot be asked without --rules FILE"),
        (["--qualification", "nowhere.csv"], "No such file"),
        (["--out", "ratings.txt"], "must end in .csv or .parquet"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    videos: Path, tmp_path: Path, options: list, message: str
) -> None:
    out = [] if "--out" in options else ["--out", str(tmp_path / "r.csv")]
    result = CliRunner().invoke(app, ["annotate", str(videos), *out, *options])
    assert result.exit_code in (1, 2)
    assert message in result.output + result.stderr


def test_rules_that_are_left_out_are_said(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videophy_lab.cli.annotate.wait_for_people", lambda *_, **__: None)
    rules = tmp_path / "rule_decided.csv"
    command = ["annotate", str(videos), "--out", str(tmp_path / "r.csv"), "--rules", str(rules)]
    rules.write_text("video_id,rule_id,rule,final\n,r,It falls.,keep\n,s,It is green.,drop\n")
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stderr) == (0, "note: 1 of 2 rules left out: 1 dropped\n")
    rules.write_text("video_id,rule_id,rule,final\n,r,It falls.,drop\n,s,It is green.,drop\n")
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "none of its 2 rules is kept: 2 dropped (column final). Remedy: review" in result.stderr


def test_files_that_are_not_there_are_noted_at_the_start(videos: Path, tmp_path: Path) -> None:
    rows = pd.DataFrame({"video_id": ["g/a/0", "g/b/0"], "prompt_id": ["a", "b"], "generator": "g"})
    rows.assign(path=[str(next(videos.rglob("*.mp4"))), "gone.mp4"]).to_csv(tmp_path / "v.csv", index=False)
    code, _, complained = serve_for_a_moment(tmp_path / "v.csv", tmp_path / "ratings.csv")
    assert code == 0, complained
    assert complained.startswith("note: 1 of 2 video files is not there: gone.mp4; ")


def test_a_videos_table_without_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("video_id,prompt_id,generator,path\n")
    result = CliRunner().invoke(app, ["annotate", str(tmp_path / "v.csv"), "--out", str(tmp_path / "r.csv")])
    assert result.exit_code == 2
    assert f"{tmp_path / 'v.csv'} has no rows. Remedy: give a table with a row a video" in " ".join(
        result.stderr.split()
    )


def test_help_has_an_example() -> None:
    result = CliRunner().invoke(app, ["annotate", "--help"])
    assert result.exit_code == 0
    assert "Example: videophy-lab annotate videos/ --out ratings.csv" in result.output


def test_help_says_what_happens_without_an_option() -> None:
    said = " ".join(CliRunner().invoke(app, ["annotate", "--help"]).output.split())
    for text in (
        "When not given: pc, sa where there are captions, and rule with --rules; with --pairs, none of them.",
        "ratings.answers beside ratings.csv.",
        "When not given, the page asks for the name.",
        "blank for all videos; also rule_id. When it is not given, a rule is named by its sentence.",
        "When not given: the one of last time, or a free one.",
    ):
        assert text in said
    assert ", else" not in said
