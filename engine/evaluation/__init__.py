"""How well the models guess a listener's own ratings."""
