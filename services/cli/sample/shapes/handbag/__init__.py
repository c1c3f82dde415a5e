"""Handbags."""
