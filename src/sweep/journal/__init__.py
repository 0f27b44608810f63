"""The study's append-only log of events: the truth that everything else is computed from."""
