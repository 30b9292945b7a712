"""Smart playlists: what their rules say, and what they will contain."""
