"""How much may come in, and who waits for what."""
