"""What was fitted, as a document that outlives the process: plain lists and words."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.hierarchical.features import Standardizer
from engine.hierarchical.fitting import Candidate, Fit
from engine.hierarchical.gaussian_tree import Shares
from engine.hierarchical.observations import ObservationWeights
from engine.hierarchical.rating_scale_usage import Taste


def document_of(fit: Fit) -> dict[str, Any]:
    """Return a fit as JSON can hold it."""
    return asdict(fit)


def fit_of(document: Mapping[str, Any]) -> Fit:
    """Return the fit that a document was made of, equal to the last digit."""
    return Fit(
        scales=tuple(Standardizer(**scale) for scale in document["scales"]),
        genres=tuple(document["genres"]),
        candidates=tuple(map(_candidate, document["candidates"])),
        worth=ObservationWeights(**document["worth"]),
        taste=Taste(
            steps=tuple(document["taste"]["steps"]),
            habit=tuple(document["taste"]["habit"]),
        ),
        ratings=document["ratings"],
        freedom=document["freedom"],
    )


def _candidate(document: Mapping[str, Any]) -> Candidate:
    return Candidate(
        weight=document["weight"],
        shares=Shares(**document["shares"]),
        slopes=tuple(document["slopes"]),
        covariance=tuple(map(tuple, document["covariance"])),
        variance=document["variance"],
    )
