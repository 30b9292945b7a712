"""Everything that speaks to Plex; nothing else does."""

import os

# What a person set up for other programs that use plexapi must not change our token,
# page size or patience, nor put the token into addresses and log files.
for _name in [name for name in os.environ if name.startswith("PLEXAPI_")]:
    del os.environ[_name]
os.environ["PLEXAPI_CONFIG_PATH"] = os.devnull
