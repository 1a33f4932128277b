"""Metrics: how far two sets of images are apart, each number with its interval."""
