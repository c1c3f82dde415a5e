"""Fuzzing by the hour: `python -m tests.hostile.fuzz`, and targets for atheris."""
