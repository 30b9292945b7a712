"""What the user chose: the configuration, its values, and what must not be shown."""
