"""Training as a job: the worker that claims trainings, and the story of one."""
