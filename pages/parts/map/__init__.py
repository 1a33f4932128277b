"""What the Map page is made of."""
