"""What the versions part of the pages is made of."""
