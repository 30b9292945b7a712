"""What runs, in what order, for whom."""
