"""Running job folders: in this process, or in a warm worker beside it."""
