"""
Texts that are valid, and hostile to whoever believes that no one would send them: quotes, templates, paths, escapes.

They come last, after plain and realistic values. What names a thing stays plain, so that it can be found and deleted.
"""

from collections.abc import Iterator
from typing import Final

from mock_server.contract.drafting.plausible import IDENTIFYING, iter_leaves
from mock_server.generate.edges.extreme import TEXTS
from mock_server.generate.edges.steps import EdgeStep, apply_step
from mock_server.generate.seed import derive_seed
from mock_server.json_values import JsonValue
from mock_server.names import singular, split_words
from mock_server.schema.sites import Site
from mock_server.schema.validate import Validator

_WANTED: Final = frozenset(
    (
        "quotes",
        "sql",
        "html",
        "formula",
        "template",
        "path",
        "percent",
        "json",
        "shell",
        "like-null",
        "like-nan",
        "like-a-float",
    )
)
_HOSTILE: Final = tuple(text for word, text in TEXTS if word in _WANTED)
_MOST: Final = 12  # places of one value


def iter_hostile_steps(value: JsonValue, site: Site, make: Validator, seed: int, name: str = "") -> Iterator[EdgeStep]:
    """
    Yield a step to a hostile text for each text of a value, another one at each place.

    Args:
        value: Of a parameter or a body, which conforms.
        site: What is documented of it.
        make: Judges what is sent.
        seed: Of the texts.
        name: Of the parameter.
    """
    found = 0
    for pointer, leaf in iter_leaves(value, site, name):
        words = split_words(leaf.name)
        if not isinstance(leaf.value, str) or (words and singular(words[-1]) in IDENTIFYING):
            continue
        if any(leaf.site.annotation(keyword) is not None for keyword in ("enum", "const", "format", "pattern")):
            continue
        start = derive_seed(seed, *pointer) % len(_HOSTILE)
        for text in (*_HOSTILE[start:], *_HOSTILE[:start]):
            if make.is_valid(apply_step(value, pointer, text)):
                yield EdgeStep(pointer, text, "type", f"the text {text!r}", conforms=True)
                found += 1
                break
        if found == _MOST:
            return
