from __future__ import annotations

import json
import re
import typing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from boildown.comparison import schema
from boildown.comparison.files import comparison_schema
from boildown.frozen import Frozen
from boildown.job.protocol import Cost
from boildown.plugins.values import Warned, WarningCode
from boildown.recipe.recipe import Status
from pydantic import BaseModel

DOCUMENT = Path(__file__).parents[3] / "docs" / "comparison.md"
#: Described in another document.
ELSEWHERE = {"Preprocessing"}


def values() -> list[type[BaseModel]]:
    own = [v for v in vars(schema).values() if isinstance(v, type) and issubclass(v, Frozen)]
    return [value for value in own if value is not Frozen and value.__name__ not in ELSEWHERE]


def fields(value: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in value.model_fields.items()]


def section(title: str) -> str:
    parts = re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return next((part for part in parts if part.startswith(f"{title}\n")), "")


def plain(golden: Path) -> dict[str, Any]:
    return dict(json.loads(golden.read_text(encoding="utf-8")))


def test_the_json_schema_is_valid_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(comparison_schema())


def test_the_stored_file_keeps_to_the_json_schema(golden: Path) -> None:
    jsonschema.validate(plain(golden), comparison_schema())


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"machine": {}},
        {"results": [{"model": "m", "recipe": "r", "backend": "b", "status": "great"}]},
        {"surprise": 1},
    ],
)
def test_the_json_schema_refuses_what_the_reader_refuses(
    golden: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**plain(golden), **change}, comparison_schema())


def test_the_values_of_the_schema_are_all_looked_at() -> None:
    assert {schema.Comparison, schema.Row, schema.Timing, Cost, Warned} <= set(values())


@pytest.mark.parametrize("value", values(), ids=lambda value: value.__name__)
def test_every_field_stands_in_the_document_in_order(value: type[BaseModel]) -> None:
    documented = re.findall(r"^\| `(\w+)` \|", section(value.__name__), flags=re.MULTILINE)
    names = [name for name in documented if name in fields(value)]
    assert names == fields(value)


@pytest.mark.parametrize("word", [*typing.get_args(Status), *typing.get_args(WarningCode)])
def test_every_status_and_warning_stands_in_the_document(word: str) -> None:
    assert f"\n| `{word}` | " in DOCUMENT.read_text(encoding="utf-8")


def test_an_unknown_field_would_be_missed_in_the_document() -> None:
    assert "| `energy` |" in section("Row")
    assert "| `energy` |" not in section("Machine")
    assert section("Nothing") == ""


def test_the_stored_file_fills_every_field(golden: Path) -> None:
    text = golden.read_text(encoding="utf-8")
    missing = [n for value in values() for n in fields(value) if f'"{n}":' not in text]
    assert missing == []
