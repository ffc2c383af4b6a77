"""Look through data for copies and faults, and for what gives labels away."""
