"""Untrusted bytes become pixels, in child processes under limits."""
