"""Long stories in which people and runs do anything, in any order."""
