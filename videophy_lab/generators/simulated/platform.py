"""Choose how OpenGL is had, before MuJoCo is imported."""

from __future__ import annotations

import os
import sys

BACKENDS = ("egl", "osmesa", "glfw")


def set_platform() -> None:
    """Draw without a screen on Linux, with one thread, unless the environment says otherwise.

    One thread of Mesa's software renderer makes equal bytes; several machines' worth of videos are made by
    several processes.
    """
    if sys.platform.startswith("linux"):
        os.environ.setdefault("MUJOCO_GL", "egl")
    os.environ.setdefault("LP_NUM_THREADS", "1")
