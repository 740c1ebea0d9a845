"""Read `zoo:NAME?KEY=VALUE`, and say what was meant where a word is not known."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from boildown import UriError

if TYPE_CHECKING:
    from collections.abc import Collection

SCHEME = "zoo"


class Request(NamedTuple):
    """What a URI asks of the zoo; `uri` is the user's own text, for errors."""

    uri: str
    name: str
    parameters: dict[str, str]


def requested(uri: str) -> Request | None:
    """Return what `uri` asks for, or None where it is no business of the zoo."""
    scheme, _, rest = uri.partition(":")
    if scheme != SCHEME:
        return None
    name, _, query = rest.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise UriError(f"{uri}: a parameter is given twice")
    return Request(uri, name, parameters)


def check(request: Request, what: str, word: str, known: Collection[str]) -> None:
    """Raise a UriError, with the known words and the nearest of them, unless `word` is known."""
    if word in known:
        return
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = f"known: {', '.join(known)}" if known else "none is taken here"
    raise UriError(f"{request.uri}: unknown {what} {word!r} ({listed}){hint}")
