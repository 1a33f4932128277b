"""Coverage: which groups of real images a version does not cover, and how sure that is."""
