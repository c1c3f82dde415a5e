"""Headphones."""
