"""One file per resource of the API: its calls, and nothing else."""
