"""Whole stories: the real command, a real Prefect server, a Plex over HTTP."""
