"""The page on heatmaps measured against outlines."""
