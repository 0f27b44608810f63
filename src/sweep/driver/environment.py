"""What a result depends on besides the configuration: packages, code, threads, hardware."""

from __future__ import annotations

import hashlib
import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "torchvision", "numpy", "pillow", "optuna", "scipy", "torchmetrics", "mlflow", "hydra-core", "pandas")
_VARIABLES = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "CUBLAS_WORKSPACE_CONFIG")
"""Each changes the arithmetic, and so the weights, when set."""


def describe_environment(threads: int | None = None, device: str = "cpu") -> dict[str, Any]:
    """Nested plain values: `packages`, `code`, `python`, `hardware`, `threads`."""
    import torch

    hardware = {
        "machine": platform.machine(),
        "system": platform.system(),
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if device == "cuda" else None,
        "device": device,
    }
    return {
        "packages": {name: _version(name) for name in _PACKAGES},
        "code": {"version": _version("sweep"), "source": source_hash()},
        "python": platform.python_version(),
        "torch_build": {"cuda": torch.version.cuda, "debug": torch.version.debug},
        "hardware": hardware,
        "variables": {name: os.environ[name] for name in _VARIABLES if name in os.environ},
        "threads": threads,
    }


@cache
def source_hash() -> str:
    """12 hex digits over this package's source: tells two states of the code apart where the version does not."""
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
