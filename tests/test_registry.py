"""Names of scorers: ours, close matches, and those of an installed plug-in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from videophy_lab.judges.base import Card
from videophy_lab.judges.sentinels import Constant
from videophy_lab.metrics.flicker import TemporalFlickering
from videophy_lab.registry import JUDGES, METRICS, SCORERS, find_class, list_names

WEIGHT_FREE = ["constant", "random", "temporal_flickering", "sharpness", "colourfulness", "contrast"]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a distribution with two metrics, one of them under a name of ours; give its module's name."""
    module = f"plugin_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{module}.py").write_text("class Warmth:\n    card = 'warm'\n\n\nclass Fake:\n    pass\n")
    info = tmp_path / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[videophy_lab.metrics]\nwarmth = {module}:Warmth\nsharpness = {module}:Fake\n"
        f"missing = {module}_gone:Warmth\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return module


@pytest.mark.parametrize("name", WEIGHT_FREE)
def test_a_name_leads_to_the_class_whose_card_has_it(name: str) -> None:
    found = find_class(name, *SCORERS)
    assert isinstance(found.card, Card)
    assert found.card.name == name
    assert found().describe()["scorer"] == name


def test_a_kind_has_its_own_names() -> None:
    assert find_class("constant", "judges") is Constant
    assert find_class("temporal_flickering", "metrics") is TemporalFlickering
    with pytest.raises(ValueError, match="there is no metric 'constant'"):
        find_class("constant", "metrics")
    assert set(list_names("judges")) >= set(JUDGES)
    assert set(list_names(*SCORERS)) >= set(JUDGES) | set(METRICS)


@pytest.mark.parametrize(
    ("wrong", "close"),
    [
        ("sharpnes", "sharpness"),
        ("colorfulness", "colourfulness"),
        ("temporal_flicker", "temporal_flickering"),
        ("autoval", "autoeval"),
        ("kinematic", "kinematics"),
    ],
)
def test_a_wrong_name_is_answered_with_the_close_and_the_allowed_ones(wrong: str, close: str) -> None:
    with pytest.raises(ValueError, match=rf"no judge or metric '{wrong}'\. Did you mean {close}") as caught:
        find_class(wrong, *SCORERS)
    assert all(name in str(caught.value) for name in [*JUDGES, *METRICS])


def test_a_name_like_no_other_is_answered_with_the_allowed_ones_alone() -> None:
    with pytest.raises(ValueError, match=r"^there is no metric 'zzz'\. Allowed: ") as caught:
        find_class("zzz", "metrics")
    assert "Did you mean" not in str(caught.value)


def test_a_plugin_is_found_by_its_entry_point(plugin: str) -> None:
    assert list_names("metrics")["warmth"] == f"{plugin}:Warmth"
    assert "warmth" not in list_names("judges")
    assert find_class("warmth", *SCORERS).card == "warm"
    with pytest.raises(ValueError, match="Did you mean warmth"):
        find_class("warmt", "metrics")


def test_a_plugin_cannot_take_a_name_of_ours(plugin: str) -> None:
    assert list_names("metrics")["sharpness"] == METRICS["sharpness"]
    assert find_class("sharpness", "metrics").__module__ == "videophy_lab.metrics.frames"


def test_listing_names_imports_none_of_them(plugin: str) -> None:
    assert list_names("metrics")["missing"] == f"{plugin}_gone:Warmth"
    assert plugin not in sys.modules
    with pytest.raises(ImportError, match=f"{plugin}_gone"):
        find_class("missing", "metrics")


def test_names_are_listed_without_heavy_libraries() -> None:
    probe = (
        "import sys; from videophy_lab import registry; registry.list_names(*registry.SCORERS);"
        "print(sorted({'numpy', 'torch', 'av', 'cv2', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
