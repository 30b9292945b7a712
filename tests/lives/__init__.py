"""Whole lives of a library in one process and in virtual time, each from one seed."""
