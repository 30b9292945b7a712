"""Playlists in Plex: what smart ones will hold, and a few of our own."""
