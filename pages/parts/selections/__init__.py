"""What the Selections page is made of."""
