"""Write and read `comparison.json`; what was written is the same bytes for the same comparison."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from ..errors import UsageError
from ..files import write_atomically
from .schema import SCHEMA, Comparison

NAME = "comparison.json"
_SHOWN = 10
_WHOLE_NUMBERS = re.compile(r"\[\n\s*(-?\d+(?:,\n\s*-?\d+)*)\n\s*\]")


def write(comparison: Comparison, folder: Path) -> Path:
    """Write `folder`/comparison.json atomically, fields in the order of the schema.

    Raises:
        UsageError: a figure is NaN or infinite, or a text is not Unicode; all are named.
    """
    if wrong := list(_unwritable(comparison.model_dump(by_alias=True))):
        raise UsageError(
            f"{folder / NAME} is not written, because {'; '.join(wrong)}. "
            "A figure that cannot be given is null with its reason."
        )
    plain = comparison.model_dump(mode="json", by_alias=True)
    return write_atomically(folder / NAME, _to_json(plain) + "\n")


def folder_of(path: Path) -> Path:
    """Return the folder of a run, which is named by itself or by its file.

    Raises:
        UsageError: the system does not let one look, or takes no such name.
    """
    try:
        return path.parent if path.is_file() else path
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def read(path: Path) -> Comparison:
    """Read a comparison from its file, or from the folder that holds it.

    Raises:
        UsageError: there is no such file, it is no comparison, or a newer boildown wrote it.
    """
    file = path
    try:
        if path.is_dir():
            file = path / NAME
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no {file}. Name the folder that `boildown compare` wrote, or its {NAME}."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as UTF-8 text: {error}.") from error
    _check_origin(file, text)
    try:
        return Comparison.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise UsageError(
            f"{file} says that it is a comparison of schema {SCHEMA}, but does not keep to it: "
            f"{_listed(error)}. It was edited by hand or written by a newer boildown; "
            "update boildown or run `boildown compare` again."
        ) from error


def _to_json(plain: dict[str, Any]) -> str:
    """Return JSON with a line a field, but a line for all of a list of whole numbers.

    A string cannot hold the line breaks that the pattern looks for: JSON escapes them.
    """
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, indent=1)
    return _WHOLE_NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)


def comparison_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of comparison.json."""
    schema = Comparison.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _check_origin(file: Path, text: str) -> None:
    try:
        found: object = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not valid JSON: {error}.") from error
    schema = found.get("schema") if isinstance(found, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise UsageError(
            f"{file} is not a comparison of boildown: it has no `schema` number at its top. "
            f"Name the folder that `boildown compare` wrote, or its {NAME}."
        )
    if schema > SCHEMA:
        raise UsageError(
            f"{file} was written by a newer boildown (schema {schema}, this one reads up to "
            f"{SCHEMA}). Update boildown to read it."
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unwritable(value: object, where: str = "") -> Iterator[str]:
    """Name every value that JSON in UTF-8 cannot say, or that pydantic would turn into null."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{where} is {value}"
    elif isinstance(value, str) and not _is_unicode(value):
        yield f"{where} is {value!a}, which is no Unicode text"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unwritable(inner, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unwritable(inner, f"{where}[{index}]")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _listed(error: ValidationError) -> str:
    problems = [
        f"{'.'.join(map(str, problem['loc'])) or 'file'}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more
