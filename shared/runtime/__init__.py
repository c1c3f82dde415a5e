"""What every worker process has: a heartbeat, an admin port, a consumer, an orderly end."""
