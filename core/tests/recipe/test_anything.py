"""Whatever stands in a file: a recipe or a RecipeError, and soon."""

from __future__ import annotations

import time
from importlib.resources import files

import pytest
from boildown import Recipe
from boildown.errors import RecipeError
from boildown.recipe.catalogue import ready_names
from boildown.recipe.read import recipe_from_bytes, recipe_from_text
from hypothesis import given, settings
from hypothesis import strategies as st

READY = [
    (files("boildown.recipe") / "ready" / f"{n}.yaml").read_text("utf-8") for n in ready_names()
]
WORDS = st.sampled_from(
    [
        *("- ", "? ", ": ", "{", "}", "[", "]", ",", "&a ", "*a ", "!x ", "!!int ", "|\n", ">\n"),
        *("'", '"', '"\\U', '"\\x', "%YAML 1.1\n", "---\n", "...\n", "#", "\t", "\n", "  ", "\0"),
        *("quantize", "prune", "with", "steps", "train", "layers", "null", ".inf", "1e999", "~"),
        *("<<: ", "9" * 50, "é", "\u2028", "\ufeff", "\ud83d\ude00", "=", "@", "`", "2:4", "size<"),
    ]
)
TEXTS = st.text(max_size=80) | st.lists(WORDS, max_size=25).map("".join)
FEW_HUNDRED = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def answers(content: bytes | str) -> None:
    started = time.perf_counter()
    text = ""
    try:
        if isinstance(content, bytes):
            assert isinstance(recipe_from_bytes(content, "r.yaml"), Recipe)
        else:
            assert isinstance(recipe_from_text(content, "r.yaml"), Recipe)
    except RecipeError as error:
        text = str(error)
    assert not text or text.startswith("r.yaml")
    assert len(text) < 100_000
    assert time.perf_counter() - started < 20


@FEW_HUNDRED
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(content: bytes) -> None:
    answers(content)


@FEW_HUNDRED
@given(TEXTS)
def test_any_text_is_answered(text: str) -> None:
    answers(text.encode("utf-8", "surrogatepass"))
    answers(text)


@FEW_HUNDRED
@given(st.sampled_from(READY), st.data())
def test_a_recipe_with_a_piece_put_in_or_cut_out_is_answered(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 20)))
    answers(text[:start] + data.draw(TEXTS) + text[stop:])


@FEW_HUNDRED
@given(st.sampled_from(READY), st.data())
def test_a_recipe_with_lines_in_another_order_is_answered(text: str, data: st.DataObject) -> None:
    answers("\n".join(data.draw(st.permutations(text.splitlines()))))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["bits", "train", "include", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@FEW_HUNDRED
@given(st.sampled_from(["quantize", "prune", "cluster", "distill", "with"]), VALUES)
def test_a_step_with_any_value_is_answered(key: str, value: object) -> None:
    answers(f"recipe: 1\nname: a\nsteps:\n  - {key}: {value!r}\n")


@pytest.mark.parametrize(
    "piece", ["[", "{", "- ", "? ", "[a: ", "! ", "& ", "'", "\n- ", "a: &x ", "#"]
)
def test_a_large_file_of_one_piece_is_answered_soon(piece: str) -> None:
    answers((piece * (200_000 // len(piece))).encode())


def test_many_wrong_values_are_answered_soon() -> None:
    answers("recipe: 1\nname: a\nbackends: [" + "1, " * 9000 + "]\n")
