"""Draws heatmaps, and measures them against outlined lesions."""
