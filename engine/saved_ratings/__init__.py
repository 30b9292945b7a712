"""Ratings in files: what a row says, and which item of a library it is about."""
