"""Tests of the analysis: arrays in, arrays out, known answers."""
