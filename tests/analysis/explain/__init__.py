"""Tests of core.analysis.explain."""
