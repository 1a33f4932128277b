"""The spectrum: which frequencies give a renderer away."""
