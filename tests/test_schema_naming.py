"""Names that follow from what a table says."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.training.planted import RULE
from videophy_lab.schema import TableError, check_table, make_rule_id, name_rules, read_table
from videophy_lab.scoring.inputs import find_rules

RULES = pd.DataFrame({"video_id": ["g/p/0", "g/q/0"], "rule": [RULE, "It falls."]})
NAMES = [make_rule_id(RULE), make_rule_id("It falls.")]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rules_of_a_file_are_named_by_their_sentences(tmp_path, suffix):
    path = tmp_path / f"rules{suffix}"
    RULES.to_csv(path, index=False) if suffix == ".csv" else RULES.to_parquet(path)
    assert read_table(path, "rules")["rule_id"].tolist() == NAMES
    # judges are asked, and trained on, under the names that annotators answered
    assert find_rules(path)[0]["rule_id"].tolist() == find_rules(RULES)[0]["rule_id"].tolist() == NAMES


def test_names_that_are_there_stay():
    named = RULES.assign(rule_id=["a", "b"])
    assert name_rules(named) is named


@pytest.mark.parametrize("name", ["ruleid", "Rule_ID", "rule id"])
def test_a_misspelt_column_is_no_missing_one(name):
    with pytest.raises(TableError, match="needs the column rule_id"):
        check_table(name_rules(RULES.assign(**{name: ["a", "b"]})), "rules")


def test_a_table_without_sentences_is_left_to_its_check():
    with pytest.raises(TableError, match="needs the column rule_id, rule;"):
        check_table(name_rules(RULES.drop(columns="rule")), "rules")
