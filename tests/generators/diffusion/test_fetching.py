"""Weights are fetched after their terms have been shown, and not before they are needed."""

from __future__ import annotations

from functools import partial

import pytest

from tests.datasets import conftest as datasets
from tests.generators.diffusion.orders import make, order
from tests.weights.test_hub import publish
from videophy_lab.generators import diffusion
from videophy_lab.generators.diffusion import options
from videophy_lab.weights import WeightsError

hub = datasets.hub


@pytest.fixture
def away(hub, tmp_path, monkeypatch):
    """Ask the hub of this machine, with an empty cache."""
    cache = tmp_path / "cache"
    for name in ("find_local_checkpoint", "describe_absent"):
        monkeypatch.setattr(options, name, partial(getattr(options, name), cache=cache))
    resolve = partial(options.resolve_checkpoint, endpoint=hub.url, cache=cache)
    monkeypatch.setattr(options, "resolve_checkpoint", resolve)
    return hub


def test_a_pipeline_is_fetched_and_runs(away, find_folder, create, capsys):
    folder = find_folder("HunyuanVideo")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
    publish(away, files, "hunyuanvideo-community/HunyuanVideo")
    generator = create("HunyuanVideo", checkpoint="")
    assert generator.find_absent() == (
        "the weights hunyuanvideo-community/HunyuanVideo (main), 41.9 GB, from the hub"
    )
    assert "licence" not in capsys.readouterr().err
    (made,) = make(generator, order())
    assert made.error == ""
    said = capsys.readouterr().err
    terms = "hunyuan_13b: licence Tencent Hunyuan Community: not licensed in the European Union"
    assert said.count(terms) == 1
    assert said.index(terms) < said.index("fetching the weights")
    assert generator.find_absent() == ""
    assert generator.describe()["weights"] == create("HunyuanVideo").describe()["weights"]
    assert "licence" not in capsys.readouterr().err


def test_what_the_guardrail_fetches_is_announced(away):
    assert (
        diffusion.Cosmos1()
        .find_absent()
        .endswith("; the guardrail then fetches nvidia/Cosmos-1.0-Guardrail and its classifiers itself")
    )


def test_terms_without_limits_are_the_licence(away, capsys):
    with pytest.raises(WeightsError, match="no such repository"):
        diffusion.Wan21().describe()
    assert capsys.readouterr().err.startswith("wan2_1_14b: licence Apache-2.0\n")


def test_a_folder_has_nothing_to_fetch_and_shows_no_terms(create, capsys):
    generator = create("LTXVideo")
    capsys.readouterr()
    assert generator.find_absent() == ""
    generator.describe()
    assert capsys.readouterr().err == ""
