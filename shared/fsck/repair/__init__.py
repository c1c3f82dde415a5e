"""Mending what fsck found."""
