"""What Plex tells by itself, and when a run follows from it."""
