"""Tests of core.analysis.metrics."""
