"""What the products of each category look like."""
