"""Erasure: receipts, the list that outlives backups, and what is done until nothing is left."""
