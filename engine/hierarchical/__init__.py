"""The hierarchical model: what all ratings together say of each item."""
