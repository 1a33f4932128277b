"""Tests of the encoders: families, weights, devices, precision."""
