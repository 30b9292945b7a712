"""Everything that can break a run off, on purpose: what is lost, and what is left?"""
