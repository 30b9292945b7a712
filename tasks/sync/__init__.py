"""Reading, reconciling and writing: the steps of a run."""
