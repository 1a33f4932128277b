"""Image files: where a user may look, what is in a folder, decoding, labels, thumbnails."""
