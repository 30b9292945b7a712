"""Every effect on the world: settings, Plex, the shadow state, reports."""
