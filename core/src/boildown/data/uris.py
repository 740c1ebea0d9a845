"""The text form of a model or dataset: `scheme:path?key=value&key=value`, or a plain path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from ..errors import UriError
from ..nearest import did_you_mean, nearest

# Two letters at least, so that the drive of `C:\models\a.onnx` is no scheme.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9_+.-]+):(.*)", re.DOTALL)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# Control characters, and the halves of letters that stand for bytes that are not UTF-8.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORM = "write scheme:name, scheme:name?key=value&key=value, or a path"


@dataclass(frozen=True, slots=True)
class Uri:
    """A parsed URI; `scheme` is None for a plain path."""

    scheme: str | None
    path: str
    query: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return text that parses to an equal value."""
        head = "" if self.scheme is None else f"{self.scheme}:"
        pairs = "&".join(f"{key}={quote(value, safe='/:,')}" for key, value in self.query.items())
        return f"{head}{self.path}{'?' if pairs else ''}{pairs}"


def parse_uri(text: str) -> Uri:
    """Take a URI apart; escapes like `%20` mean something in the query only.

    The path may hold spaces, colons after a slash and letters of any language; a `?` always
    begins the query.

    Raises:
        UriError: The text is empty or not UTF-8, holds control characters or a malformed query.
    """
    if _CONTROL.search(text):
        raise UriError(f"{text!r} holds control characters or is not UTF-8; {_FORM}")
    head, mark, tail = text.partition("?")
    match = _SCHEME.fullmatch(head)
    scheme, path = (match[1].lower(), match[2]) if match else (None, head)
    if not path.strip():
        raise UriError(f"{text!r} names nothing; {_FORM}")
    return Uri(scheme, path, _parse_query(text, tail) if mark else {})


def _parse_query(text: str, query: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in query.split("&"):
        key, equals, value = part.partition("=")
        if not equals or not value or not _KEY.fullmatch(key):
            raise UriError(f"{text!r}: {part!r} after the '?' is not key=value; {_FORM}")
        if key in pairs:
            raise UriError(f"{text!r} gives {key!r} twice; keep one of them")
        pairs[key] = _unescaped(text, value)
    return pairs


def _unescaped(text: str, value: str) -> str:
    if _BAD_ESCAPE.search(value):
        raise UriError(f"{text!r}: a '%' in a value begins an escape; write a plain one as '%25'")
    try:
        plain = unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise UriError(f"{text!r}: the escapes in {value!r} are not UTF-8") from error
    if _CONTROL.search(plain):
        raise UriError(f"{text!r}: the escapes in {value!r} hold control characters")
    return plain


def unknown_scheme(scheme: str, known: Iterable[str]) -> UriError:
    """Make the error for a scheme that nothing provides, naming the nearest that exists."""
    names = sorted(known)
    near = nearest(scheme, names)
    hint = f"did you mean '{near}:'? " if near else ""
    listed = ", ".join(f"{name}:" for name in names) or "none"
    return UriError(
        f"nothing provides the scheme '{scheme}:' (known: {listed}); {hint}"
        f"A path with a colon is written './{scheme}:…'"
    )


def refuse_unknown_keys(uri: Uri, known: Iterable[str]) -> None:
    """Raise UriError naming every query key that is not `known`, with the nearest that is."""
    names = sorted(known)
    wrong = [key for key in uri.query if key not in names]
    if not wrong:
        return
    raise UriError(
        f"'{uri}': unknown {', '.join(map(repr, wrong))} after the '?' "
        f"(known: {', '.join(names) or 'nothing'}){did_you_mean(wrong[0], names)}"
    )
