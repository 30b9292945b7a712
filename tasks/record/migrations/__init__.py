"""The steps by which the shadow database came to its present shape."""
