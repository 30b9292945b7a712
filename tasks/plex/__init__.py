"""Everything that speaks to Plex; nothing else does.

What a person set up for other programs that use plexapi, in its file or in variables,
must not change our token, page size or time-outs, nor put the token into log files.
"""

import os
from collections.abc import Callable
from typing import Any

_hidden = {n: v for n, v in os.environ.items() if n.startswith("PLEXAPI_")}
for _name in _hidden:
    del os.environ[_name]
os.environ["PLEXAPI_CONFIG_PATH"] = os.devnull
try:
    import plexapi
finally:
    del os.environ["PLEXAPI_CONFIG_PATH"]
    os.environ.update(_hidden)


def _nothing_set_up(
    _key: str,
    default: Any = None,  # noqa: ANN401 (as plexapi has it)
    cast: Callable[[Any], Any] | None = None,
) -> Any:  # noqa: ANN401
    return default if cast is None or default is None else cast(default)


# It also looks into variables, at each call.
plexapi.CONFIG.get = _nothing_set_up  # type: ignore[method-assign]
