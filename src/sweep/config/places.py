"""Where the configuration files lie: in the checkout while developing, inside the package once installed."""

from __future__ import annotations

from pathlib import Path

from sweep.errors import InternalError


def settings_root() -> Path:
    """The folder that holds `conf/` and `sweeps/`."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    for root in (checkout, package):
        if (root / "conf" / "sweep.yaml").is_file() and (root / "sweeps").is_dir():
            return root
    raise InternalError(f"conf/ and sweeps/ are neither in {checkout} nor in {package}", "install the package again")
