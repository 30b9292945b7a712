"""A Plex Media Server's music part over real HTTP, for tests and the demo."""
