"""Arrays in, arrays out: neighbours, maps, clusters, coverage, metrics, explanations. No files, no
database.
"""
