"""What kinds of values there are to choose from."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

Model = Literal["classic", "hierarchical"]
"""How ratings are inferred."""
ModelChoice = Literal["", "classic", "hierarchical"]
"""The same for one run; empty: as configured."""

FINE = 0.02
"""Points; how finely the classic model writes unless told otherwise."""

COARSE = 0.1
"""Points; how finely the hierarchical model writes unless told otherwise. It gives
every track a value of its own, and only equal values share a request."""

CONSTANTS = {
    "confidence": "confidence_c",
    "critic_bias": "bias_critic",
    "critic_weight": "weight_critic",
    "global_weight": "weight_global",
    "album_gravity": "album_inheritance_gravity",
    "track_gravity": "track_inheritance_gravity",
}
"""What the classic model assumes, by the name of the setting."""


def _not_a_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "a boolean is not a number")
    return value


Number = Annotated[float, BeforeValidator(_not_a_boolean), Field(allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_not_a_boolean)]
