"""The score store: what it keeps, what gives way, what it refuses, and what it finds again."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pandas.testing import assert_frame_equal

from tests.store_writer import list_hidden, list_sizes, make_row
from videophy_lab.schema import TABLES, TableError, check_table
from videophy_lab.store import (
    KEY,
    ROW,
    ScoreStore,
    find_same,
    parts,
    read_scores,
    read_specs,
)

NEW_BYTES, NEW_QUESTION = {"sha256": "f" * 64}, {"question": "f" * 12}


def test_a_part_has_the_columns_of_the_table_of_scores_and_the_question() -> None:
    declared = TABLES["scores"]
    assert {*declared.required, *declared.optional, "question"} == set(ROW)
    assert declared.key == KEY


def test_rows_come_back_as_check_table_gives_them(tmp_path: Path) -> None:
    rows = [
        make_row(1, rule_id="r", probe="reverse", answer="3", seconds=np.float32(0.5)),
        make_row(2, status="failed", score=math.nan, probabilities=(), expected=None, rule_id=""),
        make_row(3, status="unscored", answer="I cannot tell", probabilities=None, sha256=pd.NA, question=""),
    ]
    with ScoreStore(tmp_path / "made" / "here") as store:
        assert store.append(rows) == 3
        scores = store.read()
    given = pd.DataFrame([{column: row.get(column) for column in ROW} for row in rows])
    given.at[1, "probabilities"] = None
    given = given.replace({"": None})
    assert_frame_equal(scores, check_table(given, "scores").astype({"question": "str"}))
    assert_frame_equal(check_table(scores, "scores"), scores)
    plain = pd.read_parquet(tmp_path / "made" / "here")
    assert_frame_equal(plain.drop(columns="probabilities"), scores.drop(columns="probabilities"))


def test_a_part_from_before_there_were_costs_still_reads(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as store:
        store.append([make_row(1, cost=0.25), make_row(2)])
        [path] = parts.list_parts(tmp_path)
        scores = store.read()
    assert scores["cost"].tolist()[0] == 0.25
    assert scores["cost"].isna().tolist() == [False, True]
    pq.write_table(pq.read_table(path).drop_columns(["cost"]), path)
    assert read_scores(tmp_path)["cost"].isna().all()
    with ScoreStore(tmp_path) as store:
        store.append([make_row(3, cost=0.5)])
        assert_frame_equal(store.read()[:2].drop(columns="cost"), scores.drop(columns="cost"))
        assert store.read()["cost"].tolist()[2] == 0.5


def test_parts_of_blanks_only_read_together_with_full_ones(tmp_path: Path) -> None:
    with ScoreStore(tmp_path, max_rows=1) as store:
        blank = dict.fromkeys(("sha256", "question", "error"))
        store.append([make_row(1, status="failed", **blank), make_row(2), make_row(3, status="failed")])
    assert list_sizes(tmp_path) == [1, 1, 1]
    assert pd.read_parquet(tmp_path)["score"].isna().sum() == 2


def test_an_empty_store_has_the_columns_and_no_rows(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as store:
        assert store.append([]) == 0
        empty = store.read()
    full = ScoreStore(tmp_path)
    full.append([make_row(1)])
    assert len(empty) == 0
    assert empty.dtypes.to_dict() == full.read().dtypes.to_dict()
    full.close()


@pytest.mark.parametrize(
    ("stored", "new", "gives_way"),
    [
        ({"status": "failed"}, {}, True),
        ({"status": "failed"}, {"status": "unscored"}, True),
        ({}, {"score": 1.0}, False),
        ({}, {"status": "failed"}, False),
        ({}, NEW_BYTES, True),
        ({}, NEW_QUESTION, True),
        ({}, {"status": "failed", **NEW_BYTES}, True),
        ({}, {"sha256": None}, True),
        ({}, {"question": None}, True),
        ({"sha256": None}, {"sha256": None}, False),
        ({"sha256": None, "question": None}, {}, True),
    ],
)
def test_what_gives_way(tmp_path: Path, stored: dict[str, Any], new: dict[str, Any], gives_way: bool) -> None:
    with ScoreStore(tmp_path) as store:
        store.append([make_row(1), make_row(2, answer="stored", **stored), make_row(3)])
        assert store.append([make_row(2, answer="new", **new), make_row(4)]) == 1 + gives_way
        scores = store.read()
    assert scores["answer"][1] == ("new" if gives_way else "stored")
    # it stands in the old one's place
    assert list(scores["video_id"]) == [make_row(number)["video_id"] for number in (1, 2, 3, 4)]


def test_each_column_of_the_key_names_another_row(tmp_path: Path) -> None:
    others = [make_row(1, **{column: "other"}) for column in KEY]
    with ScoreStore(tmp_path) as store:
        assert store.append([make_row(1), *others]) == 1 + len(KEY)
        assert store.append([make_row(1, rule_id="", probe=math.nan), *others]) == 0


def test_the_last_of_several_rows_with_one_name_counts(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as store:
        assert store.append([make_row(1, answer="a"), make_row(2), make_row(1, answer="b")]) == 2
        assert set(store.read()["answer"].dropna()) == {"b"}


def test_a_row_in_another_writers_part_gives_way_there(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as one, ScoreStore(tmp_path) as two:
        one.append([make_row(1, status="failed"), make_row(2)])
        two.append([make_row(3)])
        assert two.append([make_row(1), make_row(4)]) == 2
        assert one.append([make_row(1), make_row(5)]) == 1
        assert list_sizes(tmp_path) == [3, 2]
        assert (one.read()["status"] == "ok").all()


def test_parts_are_filled_and_a_long_append_is_split(tmp_path: Path) -> None:
    with ScoreStore(tmp_path, max_rows=4) as store:
        store.append([make_row(number) for number in range(3)])
        store.append([make_row(number) for number in range(3, 14)])
        assert sorted(list_sizes(tmp_path)) == [2, 4, 4, 4]
    for start in range(14, 20):
        with ScoreStore(tmp_path, max_rows=4) as store:
            store.append([make_row(start)])
    assert list_sizes(tmp_path) == [4] * 5
    assert list_hidden(tmp_path) == {".lock"}


def test_a_part_with_a_living_writer_is_not_taken_over(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as one:
        one.append([make_row(1)])
        with ScoreStore(tmp_path) as two:
            two.append([make_row(2)])
        assert list_sizes(tmp_path) == [1, 1]
        with ScoreStore(tmp_path) as three:
            three.append([make_row(3)])
        assert sorted(list_sizes(tmp_path)) == [1, 2]


def test_opening_clears_up_after_the_dead_and_spares_the_living(tmp_path: Path) -> None:
    left = [f".part-1.parquet{parts.DRAFT}", f"._specs.json{parts.DRAFT}", ".part-1.parquet.lock"]
    for name in left:
        (tmp_path / name).write_bytes(b"PAR1")
    (tmp_path / ".somebody's").touch()
    with ScoreStore(tmp_path) as living:
        living.append([make_row(1)])
        held = list_hidden(tmp_path) - {".lock", ".somebody's"}
        assert len(held) == 1
        ScoreStore(tmp_path).close()
        assert list_hidden(tmp_path) == {".lock", ".somebody's", *held}


def test_a_store_that_is_closed_says_so_and_closes_again(tmp_path: Path) -> None:
    store = ScoreStore(tmp_path)
    store.close()
    store.close()
    with pytest.raises(ValueError, match=r"closed\. Remedy: open it again"):
        store.append([make_row(1)])


def test_specs_are_merged_and_read_back(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as store:
        store.append([make_row(1)])
        store.describe_spec("b", {"weights": "é", "frames": 32})
        with ScoreStore(tmp_path) as other:
            other.describe_spec("a", {})
        written = (tmp_path / "_specs.json").stat().st_mtime_ns
        store.describe_spec("a", {})
        assert (tmp_path / "_specs.json").stat().st_mtime_ns == written
        assert read_specs(tmp_path) == {"a": {}, "b": {"weights": "é", "frames": 32}}
        assert json.loads((tmp_path / "_specs.json").read_text(encoding="utf-8")) == read_specs(tmp_path)
        assert len(pd.read_parquet(tmp_path)) == 1
        (tmp_path / "_specs.json").write_text("{")
        with pytest.raises(TableError, match=r"_specs\.json: not JSON .* Remedy: move it away"):
            read_specs(tmp_path)


def test_find_same_copies_scores_of_the_same_bytes_and_question(tmp_path: Path) -> None:
    copy = {"video_id": "folder/copy/0"}
    with ScoreStore(tmp_path) as store:
        store.append(
            [
                make_row(1, seconds=2.0, answer="3"),
                make_row(2, status="failed"),
                make_row(3, sha256=None),
                make_row(4, task="sharpness", question=None),
                make_row(5, task="sa", question=None),
                make_row(6, task="rule", rule_id="a"),
            ]
        )
        wanted = [
            make_row(1, **copy),
            make_row(2, **copy),
            make_row(3, **copy, sha256=None),
            make_row(4, **copy, task="sharpness", question=""),
            make_row(5, **copy, task="sa", question=None),
            make_row(6, **copy, task="rule", rule_id="b"),
            make_row(1, **copy, probe="paraphrase_1"),
            make_row(1, **copy, spec="another"),
            make_row(1, **copy, question="f" * 12),
            make_row(1, **copy, sha256="f" * 64),
            make_row(1, **copy, scorer="another"),
        ]
        same = store.find_same(pd.DataFrame([{c: row.get(c) for c in ROW} for row in wanted]))
        assert list(same["task"]) == ["pc", "sharpness", "rule"]
        assert list(same["rule_id"].fillna("")) == ["", "", "b"]
        assert set(same["video_id"]) == {"folder/copy/0"}
        assert same.loc[0, ["score", "answer"]].to_list() == [2.0, "3"]
        assert same["seconds"].isna().all()
        assert store.append(same.to_dict("records")) == 3
        check_table(store.read(), "scores")


def test_find_same_finds_nothing_in_nothing(tmp_path: Path) -> None:
    with ScoreStore(tmp_path) as store:
        wanted = pd.DataFrame([make_row(1, rule_id=None, probe=None)])
        assert list(find_same(tmp_path, wanted).columns) == list(ROW)
        store.append([make_row(1)])
        assert len(find_same(tmp_path, wanted[:0])) == 0


class StoreAgainstDict(RuleBasedStateMachine):
    """Do at random what writers do, and do the same to a dict."""

    rows = st.lists(
        st.builds(
            make_row,
            st.integers(0, 12),
            status=st.sampled_from(["ok", "ok", "failed", "unscored"]),
            sha256=st.sampled_from([None, "a" * 64, "b" * 64]),
            question=st.sampled_from([None, "1" * 12]),
            probe=st.sampled_from([None, "reverse"]),
        ),
        max_size=5,
    )

    @initialize()
    def begin(self) -> None:
        self.holder = tempfile.TemporaryDirectory()
        self.folder = Path(self.holder.name)
        self.stores = [ScoreStore(self.folder, max_rows=3), ScoreStore(self.folder, max_rows=3)]
        self.model: dict[tuple[str, str | None], dict[str, Any]] = {}

    @rule(rows=rows, writer=st.integers(0, 1))
    def append(self, rows: list[dict[str, Any]], writer: int) -> None:
        written = 0
        for name, row in {(row["video_id"], row["probe"]): row for row in rows}.items():
            old = self.model.get(name)
            changed = old is None or any(row[c] != old[c] for c in ("sha256", "question"))
            if changed or old["status"] != "ok":
                self.model[name] = row
                written += 1
        assert self.stores[writer].append(rows) == written

    @rule(writer=st.integers(0, 1))
    def reopen(self, writer: int) -> None:
        self.stores[writer].close()
        self.stores[writer] = ScoreStore(self.folder, max_rows=3)

    @invariant()
    def the_folder_holds_the_model(self) -> None:
        scores = read_scores(self.folder)
        columns = ["video_id", "probe", "sha256", "question", "status"]
        there = sorted(scores[columns].fillna("").itertuples(index=False, name=None))
        assert there == sorted(tuple(row[c] or "" for c in columns) for row in self.model.values())
        sizes = list_sizes(self.folder)
        assert max(sizes, default=0) <= 3
        assert sum(size < 3 for size in sizes) <= 2

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.holder.cleanup()


StoreAgainstDict.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, deadline=None, derandomize=True
)
test_store_against_dict = StoreAgainstDict.TestCase
