"""What the Gaps page is made of."""
