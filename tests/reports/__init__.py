"""What leaves Gapscope."""
