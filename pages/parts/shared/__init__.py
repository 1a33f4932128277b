"""What the shared part of the pages is made of."""
