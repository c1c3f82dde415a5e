"""The commands that the `tusou` command starts as a process."""
