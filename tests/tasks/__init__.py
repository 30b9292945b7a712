"""Every effect on the world, proved against a simulated Plex and real databases."""
