"""What the datasets part of the pages is made of."""
