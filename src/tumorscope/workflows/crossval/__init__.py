"""Cross-validation: the command, its folds, its answers and what they add up to."""
