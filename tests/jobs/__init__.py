"""Tests of the jobs: what a task reads from its folder and writes into it."""
