"""What the map part of the pages is made of."""
