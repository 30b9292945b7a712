"""Our own record of what we wrote and what was there before."""
