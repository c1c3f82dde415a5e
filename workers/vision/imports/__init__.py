"""Imports: the loop that claims them, their plan, their chunks and their end."""
