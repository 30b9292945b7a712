"""What is told of a run and of a library, as values."""
