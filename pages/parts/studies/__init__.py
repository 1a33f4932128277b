"""What the studies part of the pages is made of."""
