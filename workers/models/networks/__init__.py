"""The networks that can be trained, in blocks, by name; nothing here knows of the rest of the trainer."""
