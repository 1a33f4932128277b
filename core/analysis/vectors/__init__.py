"""Vectors: neighbours, layouts, clusters, maps."""
