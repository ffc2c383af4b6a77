"""Look through folders of images: copies, conflicts, odd pictures, files that cannot be read."""
