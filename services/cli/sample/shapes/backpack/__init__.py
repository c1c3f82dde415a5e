"""Backpacks."""
