"""The sample project: drawn scenes with a known answer."""
