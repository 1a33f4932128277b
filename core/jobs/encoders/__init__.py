"""The encoder trial: which encoder sees gaps best in this data."""
