"""What the Versions page is made of."""
