"""The thinking: pure functions over immutable values."""
