"""Zero-shot classes among the names that a user typed, from stored vectors."""
