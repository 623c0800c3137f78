"""What may be written over: a command's own file, nothing it was given, nothing of something else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from videophy_lab.schema.overwriting import check_inputs, check_overwrite

COLUMNS = ("video_id", "may_reverse")


@pytest.mark.parametrize(
    "text", ["video_id,may_reverse\nx,yes\n", "\ufeffmay_reverse,video_id\n", "", "\n \n"]
)
def test_a_commands_own_file_and_a_blank_one_may_be_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    check_overwrite(tmp_path / "m.csv", COLUMNS)
    check_overwrite(tmp_path / "absent.csv", COLUMNS)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"video_id,score\nx,1\n", "it has no column may_reverse"),
        (b"video_id;may_reverse\nx;yes\n", "it has no column video_id"),
        (b"video_id,may_reverse,notes\nx,yes,mine\n", "it has the column notes"),
        (b"\x89PNG\x00\x01\n\xff", "it is no table"),
        (b'"' + b"x" * 200_000, "it has no column video_id"),
    ],
)
def test_another_file_is_refused_with_what_tells_it(tmp_path: Path, data: bytes, why: str) -> None:
    out = tmp_path / "m.csv"
    out.write_bytes(data)
    with pytest.raises(ValueError, match="was not written by this command") as error:
        check_overwrite(out, COLUMNS)
    assert why in str(error.value)
    assert f"give another --out, such as {tmp_path / 'm_2.csv'}, or move that file away" in str(error.value)


def test_further_columns_may_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("video_id,may_reverse,notes\n")
    check_overwrite(tmp_path / "m.csv", COLUMNS, others=True)


def test_parquet_is_read_too(tmp_path: Path) -> None:
    out = tmp_path / "m.parquet"
    pd.DataFrame({"video_id": ["x"], "may_reverse": ["yes"]}).to_parquet(out)
    check_overwrite(out, COLUMNS)
    with pytest.raises(ValueError, match="it has no column score"):
        check_overwrite(out, ["score"])
    out.write_text("no table")
    with pytest.raises(ValueError, match="it is no table"):
        check_overwrite(out, COLUMNS)


def test_an_input_is_refused_under_whatever_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "m.csv"
    own.write_text("video_id,may_reverse\n")
    (tmp_path / "link.csv").symlink_to(own)
    (tmp_path / "hard.csv").hardlink_to(own)
    (tmp_path / "sub").mkdir()
    for given in ("m.csv", "./m.csv", "sub/../m.csv", "link.csv", "hard.csv", own):
        with pytest.raises(ValueError, match="is the file that is given as --labels") as error:
            check_overwrite("m.csv", COLUMNS, inputs={"VIDEOS": "videos", "--labels": given})
    assert "Remedy: give another --out, such as m_2.csv" in str(error.value)
    with pytest.raises(ValueError, match=r"--questions absent\.csv is the file that is given as PROMPTS"):
        check_inputs("absent.csv", {"PROMPTS": "./absent.csv"}, option="--questions")
    check_inputs("m.csv", {"VIDEOS": pd.DataFrame(), "--labels": None, "--prompts": "hub:videophy2"})


def test_a_table_in_a_folder_or_beside_a_file_is_told_with_the_option(tmp_path: Path) -> None:
    table = tmp_path / "actions.csv"
    table.write_text("action,notes\nwait,mine\n")
    with pytest.raises(ValueError, match="is the file that is given as ACTIONS, and would be lost") as error:
        check_overwrite(tmp_path, ["action"], inputs={"ACTIONS": table}, file=table, others=True)
    assert f"--out {tmp_path}: a table of it, {table}, is" in str(error.value)
    assert f"Remedy: give another --out, such as {tmp_path}_2." in str(error.value)
    check_overwrite(tmp_path, ["action"], inputs={"ACTIONS": "other.csv"}, file=table, others=True)
    with pytest.raises(ValueError, match="was not written by this command: it has no column origin"):
        check_overwrite(tmp_path, ["action", "origin"], file=table, others=True)
