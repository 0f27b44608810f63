"""`python -m sweep train …`: one tracked training with the given settings, nothing searched."""

from __future__ import annotations

from sweep.commands.run import run_studies
from sweep.config.load import compose


def main(arguments: list[str]) -> int:
    """Runs one training, tracked like a trial."""
    return run_studies(compose(arguments), search=False)
