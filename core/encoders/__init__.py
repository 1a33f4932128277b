"""Encoders: images to vectors, and which of them are ready on this machine."""
