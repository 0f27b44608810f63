"""How hard the tests of properties look: a few fixed examples in the usual run, many random ones with SWEEP_FUZZ_EXAMPLES=N."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = os.environ.get("SWEEP_FUZZ_EXAMPLES")

settings.register_profile(
    "usual",
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("fuzz", settings.get_profile("usual"), max_examples=int(EXAMPLES or 1), derandomize=False)
settings.load_profile("fuzz" if EXAMPLES else "usual")
