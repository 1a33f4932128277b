"""Tests of core.analysis.coverage."""
