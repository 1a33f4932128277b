"""DuckDB: connection and migrations, catalog, vectors, results. Plain SQL in, Arrow tables and
dataclasses out.
"""
