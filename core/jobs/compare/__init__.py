"""The comparison: one real dataset against its versions."""
