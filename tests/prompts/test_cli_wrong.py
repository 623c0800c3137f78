"""Commands that are typed wrongly, or not in their order: one line says what, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_server import BadServer
from tests.prompts.commands import fill_in, list_options, run
from tests.prompts.scribe import KEY, VARIABLE, Scribe


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["import", "classInd.txt"], "must have the form KIND=FILE"),
        (["import", "ucf=classInd.txt"], "Allowed: kinetics, ucf101, something, csv"),
        (["filter", "{actions}", "-o", "modle=x"], "Did you mean"),
        (["filter", "{actions}", "-o", "temperature=hot"], "filter.temperature is 'hot'"),
        (["filter", "{actions}", "--model", "gemini-2.0-flash-exp"], "is retired"),
        (["caption", "{actions}", "-o", "writer.provider=openai"], "needs the name of a model"),
        (["upsample", "{captions}", "--upsampler", "cloud"], "Allowed: local, chat"),
        (["hard", "{captions}", "--reference", "x"], "give either --ratings or --scores"),
        (
            ["caption", "{actions}", "--tokenizer", "nope", "--dry-run"],
            "'nope' does not exist. Allowed: a folder",
        ),
        (["upsample", "{captions}", "--tokenizer", "nope", "--dry-run"], "'nope' does not exist"),
        (["upsample", "{actions}"], "first type: videophy-lab prompts caption {actions} --out"),
        (
            ["hard", "{actions}", "--reference", "x", "--ratings", "r"],
            "holds actions, and no captions of them",
        ),
        (["review", "{captions}"], "nothing to review"),
        (["review", "{actions}", "--reviewer", "a/b"], "Allowed: up to 40 letters"),
        (["review", "{actions}"], "no decision is given. Remedy: --reviewer NAME writes a file to fill in"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "actions.csv").write_text("action\npole vault\n")
    (tmp_path / "captions.csv").write_text("prompt_id,caption\na,A dog pushes a red ball.\n")
    places = {name: tmp_path / f"{name}.csv" for name in ("actions", "captions")}
    code, _, error = run(*(word.format(**places) for word in arguments), "--out", tmp_path / "out")
    assert code == 2
    assert error.startswith("Error: ")
    assert message.format(**places) in error
    assert "Traceback" not in error


def test_a_file_that_is_not_there_and_a_wrong_key(tmp_path: Path) -> None:
    code, _, error = run("filter", tmp_path / "none.csv", "--out", tmp_path)
    assert code == 1
    assert "No such file" in error
    # nothing was asked, so nothing was answered
    for command in (("import", f"csv={tmp_path / 'none.csv'}"), ("filter", tmp_path / "none.csv")):
        code, _, error = run(*command, "--out", tmp_path)
        assert code == 1
        assert "No such file" in error
        assert "answered" not in error
    code, _, error = run("import", f"csv={tmp_path}", "--out", tmp_path)
    assert code == 1
    assert "answered" not in error
    (tmp_path / "actions.csv").write_text("action\npole vault\n")
    with BadServer([["401"]]) as server:
        code, _, error = run(
            "filter", tmp_path / "actions.csv", "--out", tmp_path / "o", *list_options(server, tmp_path)
        )
    assert code == 1
    assert f"export a valid one as {VARIABLE}" in error
    assert "type the same again" in error
    assert KEY not in error
    assert not (tmp_path / "o").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "classInd.txt").write_text("1 PoleVault\n")
    code, _, error = run("import", f"ucf101={tmp_path / 'classInd.txt'}", "--out", "/proc/none/bench")
    assert code == 1
    assert "the folder /proc/none/bench cannot be made (" in error
    assert error.endswith("Remedy: give --out a folder that can be written\n")
    (tmp_path / "actions.csv").write_text("action\npole vault\n")
    with BadServer(write=Scribe()) as server:
        options = list_options(server, tmp_path)
        code, _, error = run(
            "filter", tmp_path / "actions.csv", "--out", tmp_path / "actions.csv" / "o", *options
        )
    assert code == 1
    assert "give --out a folder that can be written; what was answered is kept" in error


def test_a_reviewers_file_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("action,decision\npole vault,keep\n")
    command = ("review", tmp_path / "d.csv", "--out", tmp_path, "--reviewer", "ana")
    assert run(*command)[0] == 0
    code, _, error = run(*command)
    assert code == 2
    assert "is there already" in error
    code, _, error = run(*command[:-1], "Ana")
    assert code == 2
    assert "review_ana.csv is there already. Remedy: delete it, or name another reviewer" in error
    assert run("review", tmp_path / "d.csv", "--out", tmp_path, "--reviewer", "B", "--reviewer", "b")[0] == 2


def test_a_review_without_decisions_leaves_those_of_before(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("action,decision\npole vault,keep\nreading,drop\n")
    command = ("review", tmp_path / "d.csv", "--out", tmp_path)
    assert run(*command, "--reviewer", "ana", "--reviewer", "ben")[0] == 0
    for name in ("ana", "ben"):
        fill_in(tmp_path / f"review_{name}.csv", {"pole vault"})
    filled = ("--filled", tmp_path / "review_ana.csv", "--filled", tmp_path / "review_ben.csv")
    assert run(*command, *filled)[0] == 0
    names = ("kept.csv", "decided.csv", "reviews.csv", "adjudication.csv")
    before = {name: (tmp_path / name).read_bytes() for name in names}
    code, _, error = run(*command)
    assert code == 2
    assert "--filled FILE (once for each reviewer) reads it back" in error
    assert {name: (tmp_path / name).read_bytes() for name in names} == before
    assert run(*command, "--reviewers", 0)[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "csv={0}/actions.csv"), "actions.csv, is the file that is given as csv="),
        (("import", "ucf101={0}/classInd.txt"), "actions.csv, is there already, and was not written by this"),
        (("filter", "{0}/decisions.csv"), "decisions.csv, is the file that is given as ACTIONS"),
        (("review", "{0}/kept.csv", "--reviewers", "0"), "kept.csv, is the file that is given as TABLE"),
        (("caption", "{0}/decisions.csv"), "captions.csv, is there already, and was not written by this"),
        (("upsample", "{0}/prompts.csv"), "prompts.csv, is the file that is given as PROMPTS"),
        (("upsample", "{0}/captions.csv"), "prompts.csv, is there already, and was not written by this"),
        (("merge", "{0}/rules.csv", "{0}/v.csv", "--no-laws"), "rules.csv, is the file that is given as RUL"),
        (("rules", "{0}/videos.csv"), "video_captions.csv, is there already, and was not written by this"),
        (
            ("hard", "{0}/prompts.csv", "--reference", "x", "--ratings", "{0}/hard_actions.csv"),
            "hard_actions.csv, is the file that is given as --ratings",
        ),
    ],
)
def test_a_step_writes_over_nothing_else(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    texts = {
        "actions": "action,notes\npole vault,mine\n",
        "decisions": "action,decision,criterion,mine\npole vault,keep,x,y\n",
        "kept": "action,final,decided_by\npole vault,keep,reviewers\n",
        "captions": "prompt_id,caption\na,A dog pushes a red ball.\n",
        "prompts": "prompt_id,caption\na,A dog pushes a red ball.\n",
        "rules": "video_id,rule_id,rule\nx,r,It falls.\n",
        "video_captions": "video_id,mine\nx,1\n",
        "hard_actions": "video_id,rating\nx,1\n",
        "v": "video_id,annotator,violation\nx,eve,It flies.\n",
        "videos": "video_id,prompt_id,generator,path\nx,a,g,x.mp4\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    (tmp_path / "classInd.txt").write_text("1 PoleVault\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code, _, error = run(*(word.format(tmp_path) for word in words), "--out", tmp_path)
    assert (code, message in error) == (2, True), error
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
