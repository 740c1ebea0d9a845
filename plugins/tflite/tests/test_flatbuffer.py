"""A `.tflite` file is read with bounds, decoded exactly, and written again without a change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from boildown import ModelError
from boildown_tflite.flatbuffer import (
    Quantization,
    Tensor,
    decode,
    read_bytes,
    read_file,
    write_names,
)
from files import converted, samples


def tensor(kind: str, shape: tuple[int, ...], data: bytes, **given: object) -> Tensor:
    parts = {"quantization": None, "buffer": 1, "obstacle": ""} | given
    array = np.frombuffer(data, np.uint8)
    return Tensor(0, "t", kind, shape, shape, data=array, **parts)  # type: ignore[arg-type]


def run(content: bytes) -> list[np.ndarray]:
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    (port,) = interpreter.get_input_details()
    interpreter.set_tensor(port["index"], samples(1)["x"].transpose(0, 2, 3, 1).copy())
    interpreter.invoke()
    return [interpreter.get_tensor(item["index"]) for item in interpreter.get_output_details()]


def test_other_names_leave_the_computation_alone() -> None:
    content = converted("int8").content
    file = read_bytes(content)
    outputs = {"second": file.outputs[1], "first": file.outputs[0]}
    again = write_names(content, {3: "three"}, {"in": file.inputs[0]}, outputs, {"note": b"text"})
    read = read_bytes(again)
    assert list(read.output_names) == ["second", "first"]
    assert (read.tensors[3].name, read.metadata["note"]) == ("three", b"text")
    for ours, theirs in zip(run(again), reversed(run(content)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_constants_are_aligned_as_the_schema_demands() -> None:
    model = schema.Model.GetRootAs(converted("int8").content, 0)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    starts = [b._tab.Vector(b._tab.Offset(4)) for b in buffers if b.DataLength()]
    assert len(starts) > 20
    assert {start % 16 for start in starts} == {0}


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_errors_in_plain_words(seed: int) -> None:
    random = np.random.default_rng(seed)
    content = converted("int8").content
    said = []
    for _ in range(100):
        damaged = bytearray(content[: random.integers(8, len(content))])
        for _ in range(random.integers(0, 30)):
            damaged[random.integers(8, len(damaged))] = random.integers(256)
        try:
            [decode(item) for item in read_bytes(bytes(damaged)).tensors if item.data is not None]
        except ModelError as error:
            said.append(str(error))
    assert len(said) > 50
    assert all("the model" in text or "tensor" in text for text in said)


def test_another_file_is_told_by_its_mark() -> None:
    with pytest.raises(ModelError, match=r"not a \.tflite file"):
        read_bytes(b"PK\x03\x04 and so on")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ModelError, match=r"nowhere\.tflite"):
        read_file(Path("nowhere.tflite"))


def test_codes_of_four_bits_come_lowest_first_and_signed() -> None:
    found = decode(tensor("INT4", (3,), bytes([0xF1, 0x08])))
    assert found.tolist() == [1, -1, -8]


def test_codes_of_two_bits_come_lowest_first_and_signed() -> None:
    assert decode(tensor("INT2", (4,), bytes([0b10_11_01_00]))).tolist() == [0, 1, -1, -2]


def test_scales_spread_along_their_axis() -> None:
    scales = Quantization(np.float32([1, 10]), np.array([0, 1]), 1, 0)
    found = decode(tensor("INT8", (2, 2), bytes([1, 2, 3, 4]), quantization=scales))
    assert found.tolist() == [[1, 10], [3, 30]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (tensor("INT8", (3,), b"\1\2"), "has 2 bytes"),
        (tensor("INT8", (2,), b"\1\2", obstacle="sparse encoding"), "sparse"),
        (tensor("COMPLEX64", (1,), b"\0" * 8), "COMPLEX64"),
        (
            tensor(
                "INT8", (2,), b"\1\2",
                quantization=Quantization(np.ones(3, np.float32), np.zeros(3), 0, 0),
            ),
            "3 scales",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_decoded_is_refused(given: Tensor, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        decode(given)
