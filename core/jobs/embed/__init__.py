"""Embedding: image files become vectors, thumbnails and attributes."""
