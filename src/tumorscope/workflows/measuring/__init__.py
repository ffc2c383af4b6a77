"""What commands that measure share: figures of whole series, and by what is known of slices."""
