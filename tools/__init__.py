"""What its makers run by hand; no part of a deployment."""
