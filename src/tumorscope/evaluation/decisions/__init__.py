"""What is decided from a probability: temperature, thresholds, conformal limits, verdicts."""
