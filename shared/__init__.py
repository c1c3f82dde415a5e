"""What two or more processes use."""
