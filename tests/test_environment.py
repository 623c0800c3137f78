"""The dependencies are the same through every door, pinned, and to be had."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
OFFLINE = (
    "dns error",
    "error sending request",
    "failed to connect",
    "connection refused",
    "network is unreachable",
    "temporary failure in name resolution",
    "failed to establish a new connection",
    "timed out",
)


def read_project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def list_requirements() -> list[str]:
    """List the requirements of the core and of every extra but the one that joins them."""
    project = read_project()
    extras = [lines for name, lines in project["optional-dependencies"].items() if name != "all"]
    return sum(extras, project["dependencies"])


def read_pip_lines() -> list[str]:
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    return next(entry["pip"] for entry in dependencies if isinstance(entry, dict))


def read_pins() -> dict[str, str]:
    """Give the pinned version of each package whose marker holds for this interpreter."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in here}


def test_environment_yml_equals_pyproject() -> None:
    lines = read_pip_lines()
    assert sorted(line for line in lines if not line.startswith("--")) == sorted(list_requirements())
    assert [line for line in lines if line.startswith("--")] == [
        "--constraint constraints.txt",
        "--editable .",
    ]


def test_environment_yml_takes_the_same_python() -> None:
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert f"python{read_project()['requires-python']}" in dependencies


def test_no_door_has_extra_requirements_of_its_own() -> None:
    extras = read_project()["optional-dependencies"]
    members = {name for name in re.findall(r"[\w-]+", extras["all"][0].partition("[")[2])}
    assert members == set(extras) - {"all"}


@pytest.mark.parametrize("line", list_requirements())
def test_every_dependency_is_pinned_within_its_range(line: str) -> None:
    requirement = Requirement(line)
    pin = read_pins().get(canonicalize_name(requirement.name))
    assert pin is not None, f"{requirement.name} is not in constraints.txt"
    assert requirement.specifier.contains(pin), f"constraints.txt has {pin}, pyproject.toml {requirement}"


def test_pins_are_exact_and_public() -> None:
    pins = read_pins()
    assert pins
    assert not [name for name, version in pins.items() if not re.fullmatch(r"[\w.!]+", version)]


@pytest.mark.parametrize("name", ["pyproject.toml", "environment.yml", "constraints.txt", "Makefile"])
def test_no_door_names_a_package_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.findall(r"index-url|index_url|--find-links|\[\[?tool\.uv|@ *https?://", text)


def test_the_pip_lines_resolve(tmp_path: Path) -> None:
    """Let uv (or pip) choose a version of everything, as on a machine that has nothing yet."""
    lines = [line for line in read_pip_lines() if not line.startswith("--")]
    (tmp_path / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
    wanted = ["-r", str(tmp_path / "requirements.txt"), "-c", str(ROOT / "constraints.txt")]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    fresh = ["--dry-run", "--target", str(tmp_path / "fresh")]
    installer = (
        [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    )
    environment = dict(os.environ)
    links = environment.get("PIP_FIND_LINKS", "")
    if links and Path(links).exists():
        environment.setdefault("UV_FIND_LINKS", links)
    done = subprocess.run(
        [*installer, *fresh, *wanted], capture_output=True, text=True, env=environment, timeout=300
    )
    if done.returncode and any(sign in done.stderr.lower() for sign in OFFLINE):
        pytest.skip("the package index cannot be reached from here")
    assert done.returncode == 0, done.stderr[-2000:]


def test_every_target_of_the_makefile_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert targets is not None
    explained = re.findall(r"^([a-z]+):.*## \S", text, re.MULTILINE)
    assert sorted(explained) == sorted(targets.group(1).split())


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_lists_the_targets() -> None:
    shown = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True).stdout
    assert {"report", "test"} <= set(re.findall(r"make (\w+)", shown))
