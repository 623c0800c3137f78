"""Tables as files: every digit survives, and a bad file is named with its line."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_schema import make_ratings, make_scores
from videophy_lab.schema import TableError, check_table, read_rows, read_table, write_table


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_survive_a_file(tmp_path, suffix):
    scores = make_scores(
        probabilities=pd.Series([[0.1, 0.2, 0.7], None], dtype=object),
        answer=['a "quoted", answer\nin two lines', "None"],
        seconds=[0.1 + 0.2, 1e-17],
        video_id=["123456789012", "1e5"],
        error=[None, "no answer"],
    )
    path = write_table(scores, tmp_path / "deep" / f"scores{suffix}", "scores")
    back = read_table(path, "scores")
    pd.testing.assert_frame_equal(back, check_table(scores, "scores"))
    assert back["video_id"].tolist() == ["123456789012", "1e5"]
    assert back["answer"].tolist()[1] == "None"
    assert list(path.parent.iterdir()) == [path]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_numbers_in_a_csv_keep_every_digit(tmp_path_factory, values):
    rows = range(len(values))
    ratings = pd.DataFrame(
        {"video_id": [f"v{i}" for i in rows], "prompt_id": "p", "generator": "g", "task": "sa"}
    )
    path = tmp_path_factory.mktemp("digits") / "ratings.csv"
    write_table(ratings.assign(rating=values), path, "ratings")
    assert read_table(path, "ratings")["rating"].tolist() == values


def write(tmp_path, data: bytes):
    path = tmp_path / "ratings.csv"
    path.write_bytes(data)
    return path


HEADER = b"video_id,prompt_id,generator,task,rating\n"


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path):
    path = write(tmp_path, b"\xef\xbb\xbf" + HEADER + b"\na/1e5/0,1e5,a,sa,4\r\n\n")
    ratings = read_table(path, "ratings")
    assert ratings["prompt_id"].tolist() == ["1e5"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"ratings\.csv: the file is empty"),
        (
            HEADER.replace(b",", b";") + b"a;b;c;d;4\n",
            r"separated by semicolons\. Remedy: save it with commas",
        ),
        (HEADER.replace(b",", b"\t"), r"separated by tabulators"),
        (HEADER + b"a/p/0,p,a,sa,4\na/q/0,caf\xe9,a,sa,4\n", r"line 3 is not UTF-8 \(byte 0xe9\).*iconv"),
        (HEADER + b"a/p/0,p,a,sa\n", r"line 2 has 4 cells, the header has 5"),
        (HEADER + b"a/p/0,p,a,sa,4,5\n", r"line 2 has 6 cells, the header has 5"),
        (
            HEADER + b'a/p/0,p,a,sa,4\n"a,b,c,d,4\n',
            r"begins on line 3 is not CSV .*close every quotation mark",
        ),
        (HEADER + b"a/p/0,p,a,sa,four\n", r"ratings\.csv: row 1, column 'rating': 'four'"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, data, message):
    with pytest.raises(TableError, match=message):
        read_table(write(tmp_path, data), "ratings")


def test_files_that_are_not_there_or_not_tables_are_refused(tmp_path):
    with pytest.raises(TableError, match="there is no such file"):
        read_table(tmp_path / "none.csv", "ratings")
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    with pytest.raises(TableError, match=r"a \.csv or a \.parquet file"):
        read_table(tmp_path / "table.xlsx", "ratings")
    with pytest.raises(TableError, match=r"a \.csv or a \.parquet file"):
        write_table(make_ratings(), tmp_path / "table.tsv", "ratings")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(TableError, match="not a Parquet file"):
        read_table(tmp_path / "bad.parquet", "ratings")


def test_bad_bytes_can_be_replaced(tmp_path):
    rows = read_rows(write(tmp_path, HEADER + b"a,caf\xe9,c,d,4\n"), encoding_errors="replace")
    assert rows["prompt_id"].tolist() == ["caf�"]


def test_unknown_columns_become_numbers_unless_they_are_ids(tmp_path):
    data = (
        b"video_id,prompt_id,generator,task,rating,extra,my_id,note\na,p,g,sa,4,1.5,007,\nb,p,g,sa,4,,008,x\n"
    )
    ratings = read_table(write(tmp_path, data), "ratings")
    assert ratings["extra"].dtype == "float64"
    assert ratings["my_id"].tolist() == ["007", "008"]
    assert ratings["note"].dtype == "str"
