"""Consistency of SQL, objects and index: what is wrong, and mending it."""
