"""Manifests as strangers send them; all made, none kept."""
