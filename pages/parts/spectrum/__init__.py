"""What the spectrum page is made of."""
