"""Images of products: where their bytes are, and how they become vectors."""
