"""Bottles."""
