"""Job records and their moves."""
