"""Tests of core.analysis.vectors."""
