"""What the gaps part of the pages is made of."""
