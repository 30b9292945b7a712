"""Everything that speaks to Prefect, besides the flows themselves."""
