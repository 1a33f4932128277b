"""Tests of what opens, finds and labels image files."""
