"""Properties are tried on the same examples every time, however slow the machine."""

from hypothesis import settings

settings.register_profile(
    "engine", deadline=None, derandomize=True, database=None, max_examples=30
)
settings.load_profile("engine")
