from __future__ import annotations

import pytest
from boildown.report.text import clean, code, counted, markdown, row_numbers
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt


def rendered(source: str) -> str:
    """Return the text that a reader sees."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parseInline(source)
    children = tokens[0].children or []
    assert {token.type for token in children} <= {"text", "html_inline", "text_special"}
    return "".join(token.content for token in children if token.type != "html_inline")


def test_escape_sequences_and_control_characters_are_dropped() -> None:
    assert clean("a\x1b[31mred\x1b[0m\x07\x1b]b\x00\x9b") == "aredb"


def test_text_becomes_one_line() -> None:
    assert clean("  one\n\ttwo\r\n three ") == "one two three"


def test_direction_overrides_are_dropped_and_joiners_kept() -> None:
    assert clean("a\u202eb\u200dc") == "ab\u200dc"


def test_words_with_underscores_stay_legible() -> None:
    assert markdown("zoo:mobilenet_v2") == "zoo:mobilenet_v2"


@pytest.mark.parametrize(
    "text",
    ["a|b", "<script>x</script>", "_a_", "*b*", "`c`", "[d](e)", "$f$", "~~g~~", "&amp;", "\\*"],
)
def test_markdown_of_a_user_is_shown_and_not_interpreted(text: str) -> None:
    assert rendered(f"before {markdown(text)}") == f"before {text}"
    assert rendered(code(text)) == text


def test_the_check_itself_sees_unescaped_markdown() -> None:
    with pytest.raises(AssertionError):
        rendered("*b*")


@given(st.text(max_size=40))
def test_any_text_is_shown_as_it_is_cleaned(text: str) -> None:
    assert rendered(f"x {markdown(text)} x").split() == f"x {clean(text)} x".split()


def test_counts_agree_with_their_noun() -> None:
    assert [counted(1, "job"), counted(1200, "job")] == ["1 job", "1,200 jobs"]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([3], "row 3"), ([1, 2], "rows 1-2"), ([7, 1, 2, 3, 1], "rows 1-3, 7")],
)
def test_row_numbers_are_joined_to_spans(numbers: list[int], text: str) -> None:
    assert row_numbers(numbers) == text
