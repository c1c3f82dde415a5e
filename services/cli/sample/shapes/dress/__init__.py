"""Dresses."""
