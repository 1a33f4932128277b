"""Query jobs: embed what is searched by."""
