"""Sneakers."""
