"""From files to a manifest of slices, its split, and the arrays a network takes."""
