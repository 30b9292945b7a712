"""What a run works with while it goes: its context, its retries, its progress."""
