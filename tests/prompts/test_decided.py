"""What a review dropped or left open goes no further, and the next step says so."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.bad_server import BadServer
from tests.prompts.commands import list_options, run
from tests.prompts.scribe import Scribe


def test_captions_are_written_of_kept_actions_alone(tmp_path: Path) -> None:
    (tmp_path / "decided.csv").write_text(
        "action,decision,final\npole vault,drop,keep\npouring milk,keep,drop\nchopping wood,keep,open\n"
    )
    command = ("caption", tmp_path / "decided.csv", "--out", tmp_path / "k", "--per-action", 2)
    with BadServer(write=Scribe()) as server:
        options = list_options(server, tmp_path)
        code, said, error = run(*command, "--dry-run", *options)
        assert (code, said.startswith("captions, first round: 1 calls")) == (0, True), error
        assert "note: 2 of 3 actions left out: 1 dropped, 1 open\n" in error
        code, said, error = run(*command, *options)
        assert code == 0, error
        assert "done: 2 captions of 1 actions" in said
        assert "note: 2 of 3 actions left out: 1 dropped, 1 open\n" in error
        (tmp_path / "decided.csv").write_text("action,decision\npole vault,drop\npouring milk,undecided\n")
        code, _, error = run(*command, *options)
    assert code == 2
    assert "none of its 2 actions is kept: 1 dropped, 1 undecided (column decision). Remedy: review" in error
    assert set(pd.read_csv(tmp_path / "k" / "captions.csv")["action"]) == {"pole vault"}


def test_dropped_rules_are_not_merged_and_open_ones_stay(tmp_path: Path) -> None:
    rules = {"video_id": "v", "rule_id": ["r", "s", "t"], "rule": ["It falls.", "It is green.", "It rolls."]}
    pd.DataFrame(rules).assign(final=["keep", "drop", None]).to_csv(tmp_path / "rules.csv", index=False)
    added = {"video_id": ["v"], "annotator": ["ana"], "violation": ["It falls up."]}
    pd.DataFrame(added).to_csv(tmp_path / "violations.csv", index=False)
    code, _, error = run(
        "merge", tmp_path / "rules.csv", tmp_path / "violations.csv", "--out", tmp_path / "out", "--no-laws"
    )
    assert code == 0, error
    assert "note: 1 of 3 rules left out: 1 dropped\n" in error
    assert pd.read_csv(tmp_path / "out" / "rules.csv")["rule"].tolist() == ["It falls.", "It rolls."]
