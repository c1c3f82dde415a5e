"""Photos in, vectors out: searches, single writes, import chunks."""
