"""What is printed on or woven into a product."""
