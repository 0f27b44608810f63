"""The study's life: open or continue it, keep the workers busy, conclude it."""
