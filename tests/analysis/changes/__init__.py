"""Tests of core.analysis.changes."""
