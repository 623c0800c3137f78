"""Which file may look at which, what stays out of an import, and how long a file may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "videophy_lab"
FILES = sorted(PACKAGE.rglob("*.py"))

# what every wrapper of a network needs
NETWORK_TOOLS = {"extras", "torchvision_guard", "devices", "weights"}
# what a metric has of the judges
SCORER_BASES = {"judges.base", "judges.base_network"}
# each floor may look at itself and at these: at all of a floor, or at one of its files
FLOORS = {
    "formatting": set(),
    "reasons": set(),
    "schema": set(),
    "collisions": set(),
    "torchvision_guard": set(),
    "extras": {"torchvision_guard"},
    "llm": {"extras", "places"},
    "devices": set(),
    "weights": set(),
    "registry": set(),
    "video": set(),
    "tracking": {"video"},
    "store": {"schema"},
    "judges": {"schema", "video", "tracking", "places", "llm", *NETWORK_TOOLS},
    "metrics": {"schema", "video", "tracking", "places", "registry", *SCORER_BASES, *NETWORK_TOOLS},
    "generators": {"schema", "video", "places", "llm", *NETWORK_TOOLS},
    "gallery": {"schema", "video", "markup", "datasets"},
    "markup": set(),
    "annotation": {"schema", "video", "markup", "datasets", "extras", "gallery.footage"},
    "prompts": {
        "schema",
        "video",
        "llm",
        "extras",
        "devices",
        "weights",
        "collisions",
        "reasons",
        "datasets.laws",
    },
    "video_store": {"schema", "video", "places", "generators.base"},
    "engine": {"judges.base", "generators.base", "store", "video_store", "video", "extras", "schema"},
    "cards": {"registry", "judges.base", "generators.base"},
    "building": {"registry", "judges.base", "generators.base"},
    "scoring": {
        "building",
        "engine",
        "store",
        "video_store",
        "datasets",
        "schema",
        "registry",
        "collisions",
        "places",
        "reasons",
        "judges.base",
    },
    "generation": {
        "building",
        "reasons",
        "engine",
        "video_store",
        "datasets",
        "schema",
        "places",
        "generators.base",
    },
    "probes": {
        "building",
        "engine.processes",
        "llm",
        "places",
        "reasons",
        "reversibility.labels",
        "reversibility.rows",
        "schema",
        "scoring.inputs",
        "video",
        "video_store",
    },
    "stats": set(),
    "kernel": set(),
    "places": set(),
    "params": {"places"},
    "estimates": set(),
    "outputs": {"estimates", "formatting", "gallery"},
    "datasets": {"schema", "collisions", "places", "store", "video_store", "generators.simulated.catalog"},
    "study": {"schema", "stats", "collisions", "reasons"},
    "figures": {"schema"},
    "execution": {"params", "kernel"},
    "provenance": {"places"},
    "page": {"formatting", "outputs", "markup"},
    "doctor": {"places", "provenance"},
    "report": {"estimates", "execution", "outputs", "page", "params", "places", "provenance"},
    "training": {
        "building",
        "engine.plan",
        "scoring.inputs",
        "datasets",
        "schema",
        "video",
        "judges",
        "weights",
        "devices",
        "extras",
    },
    "reversibility": {"schema", "llm", "prompts", "building", "datasets", "scoring"},
    "cli": {
        "annotation",
        "building",
        "cards",
        "datasets",
        "doctor",
        "generation",
        "params",
        "probes",
        "prompts",
        "report",
        "reversibility",
        "schema",
        "scoring",
        "training",
    },
    "__init__": {
        "reversibility",
        "annotation",
        "datasets",
        "gallery",
        "generation",
        "probes",
        "scoring",
        "study",
        "report",
    },
}
STATS_LIBRARIES = {"numpy", "scipy", "statsmodels", "numba"}
HEAVY = {"torch", "transformers", "diffusers", "ray", "mujoco", "seaborn", "papermill"}
# networks are classes of torch, so their files import it; they are themselves imported inside functions only
NETWORKS = ("judges/owl", "judges/networks", "generators/networks", "training/networks")


def read_imports(node: ast.AST, *, inside_functions: bool = True) -> Iterator[str]:
    """Give the full name of every imported module, leaving out what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "write the full name of the module"
            whole = child.module == PACKAGE.name
            yield from (
                f"{child.module}.{alias.name}" if whole else child.module or "" for alias in child.names
            )
        elif inside_functions or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from read_imports(child, inside_functions=inside_functions)


def name_floor(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def read_file(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def find_breaches(path: Path, tree: ast.Module) -> list[str]:
    """Name the modules of ours that a file imports from a floor it may not look at."""
    floor = name_floor(path)
    if floor not in FLOORS:
        return [f"{floor} has no floor yet: give it one in FLOORS and in the design"]
    ours = (name for name in read_imports(tree) if name.split(".")[0] == PACKAGE.name)
    allowed = FLOORS[floor] | {floor}
    return [
        name
        for name in ours
        if not {".".join(name.split(".")[1:depth]) for depth in range(2, name.count(".") + 2)} & allowed
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_looks_only_downwards(path: Path) -> None:
    assert find_breaches(path, read_file(path)) == []


def test_the_floors_have_no_circle() -> None:
    left = {floor: {name.split(".")[0] for name in below} for floor, below in FLOORS.items()}
    while left:
        free = [floor for floor, below in left.items() if not below & left.keys()]
        assert free, f"a circle among {sorted(left)}"
        for floor in free:
            del left[floor]


def test_stats_uses_numerical_libraries_only() -> None:
    for path in PACKAGE.glob("stats/**/*.py"):
        roots = {name.split(".")[0] for name in read_imports(read_file(path))}
        strangers = roots - STATS_LIBRARIES - set(sys.stdlib_module_names) - {PACKAGE.name}
        assert not strangers, f"{path.name} imports {strangers}"


def is_network(path: Path) -> bool:
    return path.relative_to(PACKAGE).parent.as_posix() in NETWORKS


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    networks = {f"{PACKAGE.name}.{folder.replace('/', '.')}" for folder in NETWORKS}
    for path in [path for path in FILES if not is_network(path)]:
        names = list(read_imports(read_file(path), inside_functions=False))
        at_once = {name.split(".")[0] for name in names} & HEAVY
        at_once |= {name for name in names if any(name.startswith(network) for network in networks)}
        assert not at_once, f"{path.name} imports {at_once} at its top"


def test_a_breach_would_be_seen() -> None:
    source = "def f():\n    from videophy_lab.study import tables\n    import videophy_lab.report\n"
    assert find_breaches(PACKAGE / "stats" / "new.py", ast.parse(source)) == [
        "videophy_lab.study",
        "videophy_lab.report",
    ]
    assert list(read_imports(ast.parse("def f():\n    import torch\n"), inside_functions=False)) == []
    assert list(read_imports(ast.parse("try:\n    import torch\nexcept ImportError:\n    pass\n"))) == [
        "torch"
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_importing_the_package_is_cheap() -> None:
    probe = (
        "import sys, time; start = time.perf_counter(); import videophy_lab; "
        "print(time.perf_counter() - start, 'pandas' in sys.modules, 'numpy' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", probe], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(3)
    ]
    assert min(float(seconds) for seconds, *_ in runs) < 0.3
    assert runs[0][1:] == ["False", "False"]


def test_every_public_name_is_there() -> None:
    import videophy_lab

    missing = [name for name in videophy_lab.__all__ if getattr(videophy_lab, name, None) is None]
    assert missing == []
    with pytest.raises(AttributeError, match="did you mean"):
        _ = videophy_lab.load_rating
