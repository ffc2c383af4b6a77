"""Labelled slices: their tables, sources and lesions, and how they are divided."""
