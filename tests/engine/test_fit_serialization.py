"""A fit survives as a document, equal to the last digit."""

import json
import pickle

from engine.hierarchical.fit_serialization import document_of, fit_of
from engine.hierarchical.fitting import fit
from tests.engine.parts import part_of, random_library


def test_a_fit_comes_back_from_json_and_pickle_as_it_was():
    learned = fit(part_of(random_library(4, albums_rated=0.5)))

    assert fit_of(json.loads(json.dumps(document_of(learned)))) == learned
    assert pickle.loads(pickle.dumps(learned)) == learned  # noqa: S301
