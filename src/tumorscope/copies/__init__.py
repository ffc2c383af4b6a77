"""Find slices that are copies of one another, whatever was done to them."""
