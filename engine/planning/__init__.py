"""From inferred ratings to the requests that write them, or take them back."""
