from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from boildown.data import decode as decoding
from boildown.data.decode import decode
from boildown.errors import DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "png", "bmp", "webp", "ppm", "tif", "tiff"])
def test_every_format_is_read_as_rgb(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (6, 4), (200, 100, 50)).save(path)
    image = decode(path)
    assert (image.mode, image.size) == ("RGB", (6, 4))
    assert np.abs(np.asarray(image)[0, 0].astype(int) - (200, 100, 50)).max() <= 4


@pytest.mark.parametrize(
    ("mode", "suffix", "becomes"),
    [
        ("1", "png", "L"), ("L", "png", "L"), ("LA", "png", "L"), ("P", "png", "RGB"),
        ("RGBA", "png", "RGB"), ("CMYK", "jpg", "RGB"), ("YCbCr", "tif", "RGB"),
    ],
)  # fmt: skip
def test_every_mode_becomes_gray_or_rgb(
    tmp_path: Path, mode: str, suffix: str, becomes: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (4, 4), (10, 200, 30)).convert("L" if mode == "LA" else mode).convert(
        mode
    ).save(path)
    assert decode(path).mode == becomes


def test_transparency_is_dropped_and_not_blended(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (10, 20, 30, 0)).save(tmp_path / "a.png")
    assert decode(tmp_path / "a.png").getpixel((0, 0)) == (10, 20, 30)


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bits_keep_their_upper_byte(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 255, 256, 65535, 0x1234]], np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    assert np.asarray(decode(tmp_path / f"a.{suffix}")).tolist() == [[0, 0, 1, 255, 0x12]]


def test_big_endian_sixteen_bits_are_read_alike(tmp_path: Path) -> None:
    image = Image.frombytes("I;16B", (2, 1), b"\x12\x34\xff\x00")
    image.save(tmp_path / "a.tif")
    assert np.asarray(decode(tmp_path / "a.tif")).tolist() == [[0x12, 0xFF]]


@pytest.mark.parametrize("mode", ["F", "I"])
def test_pixels_without_an_agreed_form_are_refused(tmp_path: Path, mode: str) -> None:
    Image.new(mode, (2, 2)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=f"mode {mode}"):
        decode(tmp_path / "a.tif")


def test_of_an_animation_the_first_frame_counts(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert decode(tmp_path / "a.webp").getpixel((0, 0)) == (255, 0, 0)


def test_exif_orientation_is_not_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (8, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert decode(tmp_path / "a.jpg").size == (8, 4)


def test_a_file_is_read_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert decode(tmp_path / "a.jpg").size == (4, 4)


def test_a_format_outside_the_list_is_refused_whatever_its_name(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.gif")
    (tmp_path / "a.gif").rename(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"a\.png cannot be read"):
        decode(tmp_path / "a.png")


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_a_broken_image_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png cannot be read.*repair it or remove it"):
        decode(tmp_path / "a.png")


def test_a_truncated_image_is_refused_and_not_filled_with_gray(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="truncated"):
        decode(path)


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png is missing"):
        decode(tmp_path / "gone.png")


def test_an_image_that_claims_too_many_pixels_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (100, 100)).save(tmp_path / "a.png")
    monkeypatch.setattr(decoding, "MAX_PIXELS", 9_999)
    with pytest.raises(DataError, match=r"claims 100.100 pixels"):
        decode(tmp_path / "a.png")
    monkeypatch.setattr(decoding, "MAX_PIXELS", 10_000)
    assert decode(tmp_path / "a.png").size == (100, 100)


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255), suffix=st.sampled_from(
    ["jpg", "png", "bmp", "webp", "ppm", "tif"]))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_a_damaged_image_is_read_or_refused(
    tmp_path: Path, position: int, byte: int, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.linear_gradient("L").resize((16, 16)).convert("RGB").save(path)
    content = bytearray(path.read_bytes())
    content[position % len(content)] = byte
    path.write_bytes(content)
    with contextlib.suppress(DataError):
        assert decode(path).mode in {"L", "RGB"}
