from __future__ import annotations

import pytest
from boildown.data.uris import Uri, parse_uri, refuse_unknown_keys, unknown_scheme
from boildown.errors import BoildownError, UriError
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "scheme", "path", "query"),
    [
        ("zoo:fashion-mnist?split=train", "zoo", "fashion-mnist", {"split": "train"}),
        ("images:my photos/Äpfel", "images", "my photos/Äpfel", {}),
        ("npz:a.npz?split=test&x=1", "npz", "a.npz", {"split": "test", "x": "1"}),
        ("model.onnx", None, "model.onnx", {}),
        ("/data/写真", None, "/data/写真", {}),
        (r"C:\models\net.onnx", None, r"C:\models\net.onnx", {}),
        ("./odd:name", None, "./odd:name", {}),
        ("images:C:/photos", "images", "C:/photos", {}),
        ("ZOO:resnet50", "zoo", "resnet50", {}),
    ],
)
def test_a_uri_falls_into_scheme_path_and_query(
    text: str, scheme: str | None, path: str, query: dict[str, str]
) -> None:
    assert parse_uri(text) == Uri(scheme, path, query)


def test_escapes_are_decoded_in_the_query_and_nowhere_else() -> None:
    uri = parse_uri("images:100%25 photos?labels=a%20b%26c.csv")
    assert (uri.path, uri.query) == ("100%25 photos", {"labels": "a b&c.csv"})


def test_a_plus_in_the_query_is_a_plus() -> None:
    assert parse_uri("a?b=c++").query == {"b": "c++"}


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "zoo:", "zoo: ", "?a=b", "a?", "a?b", "a?=b", "a?b=", "a?b=1&", "a?b=1&b=2",
        "a?b=%", "a?b=%2", "a?b=%zz", "a?b=%ff", "a?b=%00", "a\0b", "a\nb", "a?1=2", "a\udcff",
    ],
)  # fmt: skip
def test_a_malformed_uri_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(UriError) as caught:
        parse_uri(text)
    assert repr(text) in str(caught.value)


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        uri = parse_uri(text)
    except BoildownError:
        return
    assert parse_uri(str(uri)) == uri


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
    )
)
def test_every_value_survives_the_way_into_a_uri_and_back(query: dict[str, str]) -> None:
    assert parse_uri(str(Uri("zoo", "net", query))).query == query


def test_an_unknown_scheme_is_answered_with_the_nearest() -> None:
    text = str(unknown_scheme("image", ["npz", "images", "zoo"]))
    assert "'images:'" in text
    assert "images:, npz:, zoo:" in text


def test_an_unknown_scheme_far_from_all_is_answered_with_all() -> None:
    text = str(unknown_scheme("ftp", []))
    assert "known: none" in text
    assert "did you mean" not in text


def test_unknown_keys_of_a_query_are_all_named() -> None:
    with pytest.raises(UriError, match=r"'lables', 'x'.*did you mean 'labels'"):
        refuse_unknown_keys(parse_uri("images:a?lables=1&x=2&split=test"), ["labels", "split"])


def test_known_keys_of_a_query_pass() -> None:
    refuse_unknown_keys(parse_uri("images:a?labels=1"), ["labels", "split"])
