"""Backups: the tables of one moment as JSON lines, and every object that an owner row of it names."""
