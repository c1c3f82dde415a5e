"""The networks that can be trained, by name; nothing here knows of the rest of the trainer."""
