"""From labelled slices to a run folder."""
