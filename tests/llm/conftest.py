"""A key for every test of this folder."""

from __future__ import annotations

import pytest

from tests.llm.made_models import KEY, VARIABLE


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(VARIABLE, KEY)
    return KEY
