"""What leaves Gapscope: HTML reports, tables, lists for other tools, the render brief, the gate."""
