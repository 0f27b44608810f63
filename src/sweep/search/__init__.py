"""What to train next: the regime's space, the sampler that proposes values, the strategy that turns history into jobs."""
