"""The processes that people and programs speak to."""
