"""Explanations: what the images of a group have in common, in words."""
