"""Training a trial: optimizer, schedule, evaluation, checkpoints and the loop that joins them."""
