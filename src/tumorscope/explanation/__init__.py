"""Show on the slice what drove a decision: arrays in, pictures out; never sees a model."""
