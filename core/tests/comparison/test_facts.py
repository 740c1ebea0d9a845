from __future__ import annotations

import hashlib
from pathlib import Path

from boildown import Artifact, Port
from boildown.comparison.facts import Facts, shipped_sha256


def test_the_digest_of_a_file_is_what_sha256sum_prints(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    assert shipped_sha256(Artifact(path=file)) == hashlib.sha256(b"weights").hexdigest()


def test_the_digest_of_a_folder_follows_names_and_contents(tmp_path: Path) -> None:
    package = Artifact(path=tmp_path / "model.mlpackage", format="mlpackage")
    package.path.mkdir()
    (package.path / "a").write_bytes(b"1")
    one = hashlib.sha256(b"1").hexdigest()
    before = shipped_sha256(package)
    (package.path / "a").rename(package.path / "b")
    assert before == hashlib.sha256(f"a\0{one}\n".encode()).hexdigest()
    assert shipped_sha256(package) != before


def test_facts_survive_json_with_named_axes() -> None:
    port = Port(name="x", dtype="int8", shape=("batch", 3, 32, 32), layout="nchw", scale=0.02)
    facts = Facts(inputs=(port,), outputs=(), labels=("a", "b"))
    assert Facts.model_validate_json(facts.model_dump_json()) == facts
