"""The sample shop: a catalogue and phone-like photos of it, drawn by our own code."""
