"""Changes: what got better and what got worse between two versions."""
