"""What a figure is, each slice or each group counting once."""
