"""Measures a model on labelled slices."""
