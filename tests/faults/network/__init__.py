"""Faults of the network between our processes and the servers that they stand on."""
