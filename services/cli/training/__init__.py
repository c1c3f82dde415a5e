"""`tusou train`, `evaluate`, `export`, `variant`: the trainer as a process, its lines shown."""
