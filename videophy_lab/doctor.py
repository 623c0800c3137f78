"""What works on this machine, and the line to type for what does not."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from dataclasses import dataclass

from videophy_lab.places import find_notebooks_folder
from videophy_lab.provenance import hash_bundled_tables, read_requirements, read_version

OLDEST_PYTHON = (3, 11)
# package, the extra it is of, what for
OPTIONAL = (
    ("transformers", "judges", "only for judges on networks, such as autoeval"),
    ("torchvision", "vision", "only for dynamic_degree and most vision-language judges"),
    ("pydantic-ai-slim", "remote", "only for judges behind an API, such as gemini"),
    ("mujoco", "sim", "only for the generator simulated"),
    ("diffusers", "diffusion", "only for generators on networks, such as wan2_1_14b"),
    ("lumaai", "remote", "only for the generator ray2"),
    ("ray", "ray", "only for --engine ray"),
)
# libraries that draw without a screen, and the Debian packages that bring them
DRAWING = ("EGL", "OSMesa")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    name : str
    works : bool
    found : str
        The version or the number of things found.
    needed : bool
        Whether reports need it; what is not needed may be missing.
    remedy : str
        The line to type when it does not work.
    """

    name: str
    works: bool
    found: str
    needed: bool = True
    remedy: str = ""


def examine_machine() -> list[Check]:
    """Look at Python, the dependencies, the notebooks, the data, git, and what is optional."""
    checks = [check_python(), *(check_package(name) for name in read_requirements())]
    checks += [check_notebooks(), check_data(), check_git(), check_browser(), check_torch(), check_drawing()]
    return [*checks, *(check_optional(*optional) for optional in OPTIONAL)]


def check_python() -> Check:
    """Look at the interpreter's version."""
    remedy = "install Python 3.11 or newer, then: make clean report"
    return Check("Python", sys.version_info >= OLDEST_PYTHON, platform.python_version(), remedy=remedy)


def check_package(name: str) -> Check:
    """Look at the version of one direct dependency."""
    version = read_version(name)
    remedy = f"{sys.executable} -m pip install {name}"
    return Check(name, version is not None, version or "not installed", remedy=remedy)


def check_notebooks() -> Check:
    """Count the project's notebooks."""
    count = len(list(find_notebooks_folder().glob("*.ipynb")))
    remedy = "get them back: git checkout -- notebooks"
    return Check("notebooks", count > 0, f"{count} found", remedy=remedy)


def check_data() -> Check:
    """Count the bundled tables."""
    count = len(hash_bundled_tables())
    return Check("data", count > 0, f"{count} tables found", remedy="get them back: git checkout -- data")


def check_git() -> Check:
    """Look for git, which names the commit of a report."""
    found = shutil.which("git") is not None
    remedy = "apt-get install git (a report then names its commit)"
    return Check("git", found, "found" if found else "not found", needed=False, remedy=remedy)


def check_browser() -> Check:
    """Look for a browser without a window, which prints a page as PDF."""
    found = next((name for name in BROWSERS if shutil.which(name)), None)
    remedy = "apt-get install chromium (only to print a page as PDF from a script)"
    return Check("chromium", found is not None, found or "not found", needed=False, remedy=remedy)


def check_torch() -> Check:
    """Look for torch and a GPU, which no report needs."""
    if importlib.util.find_spec("torch") is None:
        remedy = f"{install_extra('judges')} (only to run judges on networks)"
        return Check("torch", False, "not installed", needed=False, remedy=remedy)
    try:
        import torch
    except (ImportError, OSError) as error:
        remedy = f"{sys.executable} -m pip install --force-reinstall torch"
        return Check("torch", False, f"broken: {error}", needed=False, remedy=remedy)
    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA device: it runs on the CPU"
    return Check("torch", True, f"{torch.__version__}, {gpu}", needed=False)


def check_drawing() -> Check:
    """Look for OpenGL without a screen, which the simulated world is drawn with."""
    if sys.platform != "linux":
        return Check("OpenGL", True, f"{sys.platform} brings its own", needed=False)
    from ctypes.util import find_library

    found = [library for name in DRAWING if (library := find_library(name))]
    remedy = "apt-get install libegl1 libgl1-mesa-dri (only for the generator simulated)"
    return Check("OpenGL", bool(found), ", ".join(found) or "not found", needed=False, remedy=remedy)


def check_optional(name: str, extra: str, purpose: str) -> Check:
    """Look at the version of a package that an extra installs."""
    version = read_version(name)
    remedy = f"{install_extra(extra)} ({purpose})"
    return Check(name, version is not None, version or "not installed", needed=False, remedy=remedy)


def install_extra(extra: str) -> str:
    """Give the line that installs an extra."""
    return f"{sys.executable} -m pip install 'videophy-lab[{extra}]'"


def format_checks(checks: list[Check]) -> str:
    """Write one line a check; below what fails, the line to type."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        mark = "ok " if check.works else "NO " if check.needed else " - "
        lines.append(f"{mark} {check.name:<{width}}  {check.found}")
        if not check.works:
            lines.append(f"{'':{width + 6}}{check.remedy}")
    return "\n".join(lines)
