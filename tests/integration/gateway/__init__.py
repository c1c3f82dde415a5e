"""The gateway through its HTTP calls, over a real database and a store in memory."""
