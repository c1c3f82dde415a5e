"""Hats."""
