"""Choose how OpenGL is had, before MuJoCo is imported."""

from __future__ import annotations

import os
import sys


def set_platform() -> None:
    """Draw without a screen on Linux, with one thread, unless the environment says otherwise.

    One thread of Mesa's software renderer makes equal bytes; several machines' worth of videos are made by
    several processes.
    """
    if sys.platform.startswith("linux"):
        os.environ.setdefault("MUJOCO_GL", "egl")
    os.environ.setdefault("LP_NUM_THREADS", "1")


def explain_missing(error: Exception) -> ImportError:
    """Say how to get the OpenGL that is missing."""
    backend = os.environ.get("MUJOCO_GL", "")
    package = "libosmesa6" if backend == "osmesa" else "libegl1 libgl1-mesa-dri"
    other = (
        ""
        if backend == "osmesa"
        else " Or, without EGL: apt-get install libosmesa6, and export MUJOCO_GL=osmesa."
    )
    return ImportError(
        f"OpenGL cannot be had through MUJOCO_GL={backend or 'the default'} ({error}). "
        f"Remedy: apt-get install {package}.{other}"
    )
