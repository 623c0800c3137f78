"""The Jupyter kernel of a report: this very interpreter, in a known environment."""

from __future__ import annotations

import os
import sys
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

FIXED_ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "0",
    "PYTHONHASHSEED": "0",
    # the last digits of a matrix product depend on the number of threads
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


class KernelHere(AsyncKernelManager):
    """Start the interpreter that runs the report, whatever kernels the machine has under that name."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """Give the command line of the kernel."""
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3 (ipykernel)", language="python")

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        """Start the kernel in an environment that makes equal runs give equal bytes."""
        environment = {**os.environ, **options.pop("env", {}), **FIXED_ENVIRONMENT}
        # a plain process' backend would keep figures from showing; the kernel chooses its own
        environment.pop("MPLBACKEND", None)
        await super().start_kernel(**options, env=environment)

    def kill_process(self) -> None:
        """End the kernel at once; for an interrupted run."""
        process = getattr(self.provisioner, "process", None)
        if process is not None and process.poll() is None:
            process.kill()
