"""The scan: an image folder becomes rows."""
