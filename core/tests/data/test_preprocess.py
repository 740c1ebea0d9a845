from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np
import pytest
from boildown.data.preprocess import apply, output_shape
from boildown.data.preprocessing import Preprocessing
from boildown.errors import DataError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError


def photo(height: int, width: int, seed: int = 0) -> Image.Image:
    """Return a smooth seeded image with noise, so that resizing has something to blur."""
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.arange(height), np.arange(width))[:, :, None] % 256
    noise = rng.integers(0, 60, (height, width, 3))
    return Image.fromarray(((ramp + noise) % 256).astype(np.uint8))


def _torchvision() -> tuple[Any, Any]:
    torch = pytest.importorskip("torch")
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    try:
        from torchvision import transforms
    except RuntimeError:
        # A CUDA wheel of torchvision beside a CPU torch: its kernels' names must exist.
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        from torchvision import transforms
    return transforms, transforms.InterpolationMode


@pytest.mark.parametrize(("height", "width"), [(300, 400), (401, 233), (256, 256), (225, 1001)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
def test_images_become_what_torchvision_makes_of_them(
    height: int, width: int, interpolation: str
) -> None:
    transforms, modes = _torchvision()
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    theirs = transforms.Compose([
        transforms.Resize(256, interpolation=modes(interpolation), antialias=True),
        transforms.CenterCrop(224), transforms.ToTensor(), transforms.Normalize(mean, std),
    ])(photo(height, width)).numpy()  # fmt: skip
    settings = Preprocessing(
        resize=256, crop=(224, 224), interpolation=interpolation, mean=mean, std=std
    )
    ours = apply(photo(height, width), settings)
    one_level = 1 / 255 / np.array(std)[:, None, None]
    assert (np.abs(ours - theirs) <= one_level).all()


def test_bilinear_and_bicubic_differ_by_more_than_that() -> None:
    bilinear, bicubic = (
        apply(photo(300, 400), Preprocessing(resize=64, interpolation=name, range=(0, 255)))
        for name in ("bilinear", "bicubic")
    )
    assert np.abs(bilinear - bicubic).max() > 1


@pytest.mark.parametrize(("height", "width"), [(300, 401), (512, 333), (224, 224)])
def test_images_become_what_efficientnet_lite_expects(height: int, width: int) -> None:
    image = photo(height, width)
    side = int(224 / 256 * min(image.size))
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side)).resize(
        (224, 224), Image.Resampling.BICUBIC
    )
    theirs = ((np.asarray(square, np.float32) - 127) / 128).transpose(2, 0, 1)
    settings = Preprocessing(
        crop_fraction=224 / 256, resize=(224, 224), interpolation="bicubic",
        range=(0, 255), mean=(127,), std=(128,),
    )  # fmt: skip
    assert np.abs(apply(image, settings) - theirs).max() <= 1e-6


def test_raw_gray_arrays_are_padded_repeated_and_normalised() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    ours = apply(raw, Preprocessing(pad=2, mean=(0.286,), std=(0.353,)))
    padded = np.pad(raw, ((0, 0), (2, 2), (2, 2))) / 255
    theirs = np.repeat(((padded - 0.286) / 0.353)[:, None], 3, axis=1)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-6


SETTINGS = [
    Preprocessing(),
    Preprocessing(pad=3, channels="bgr", layout="nhwc"),
    Preprocessing(channels="gray", crop=(8, 7)),
    Preprocessing(crop_fraction=0.5, crop=(4, 4), pad=1),
    Preprocessing(resize=(6, 9), interpolation="lanczos", mean=(0.1, 0.2, 0.3)),
    Preprocessing(resize=20, crop=(16, 18), channels="gray", layout="nhwc"),
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_becomes_what_its_images_become_one_by_one(
    settings: Preprocessing, channels: int
) -> None:
    raw = np.random.default_rng(1).integers(0, 256, (4, channels, 10, 13), dtype=np.uint8)
    batch = apply(raw, settings)
    for pixels, together in zip(raw, batch, strict=True):
        image = Image.fromarray(pixels[0] if channels == 1 else pixels.transpose(1, 2, 0).copy())
        assert np.array_equal(apply(image, settings), together)


@pytest.mark.parametrize("settings", SETTINGS)
@given(height=st.integers(8, 40), width=st.integers(8, 40), channels=st.sampled_from([1, 3]))
def test_the_output_shape_is_known_without_any_image(
    settings: Preprocessing, height: int, width: int, channels: int
) -> None:
    raw = np.zeros((1, channels, height, width), np.uint8)
    assert apply(raw, settings)[0].shape == output_shape(settings, (channels, height, width))


def test_colour_becomes_gray_as_in_pillow() -> None:
    image = photo(20, 30)
    ours = apply(image, Preprocessing(channels="gray", range=(0, 255)))
    assert np.array_equal(ours[0], np.asarray(image.convert("L"), np.float32))


def test_blue_comes_first_where_the_model_wants_it() -> None:
    image = photo(4, 4)
    rgb, bgr = (apply(image, Preprocessing(channels=name)) for name in ("rgb", "bgr"))
    assert np.array_equal(rgb[::-1], bgr)
    assert not np.array_equal(rgb, bgr)


def test_black_padding_is_normalised_like_every_pixel() -> None:
    out = apply(np.full((1, 2, 2), 255, np.uint8), Preprocessing(pad=1, mean=(0.5,), std=(0.5,)))
    assert out[0, 0, 0, 0] == -1
    assert out[0, 0, 1, 1] == 1


def test_a_crop_larger_than_the_image_is_refused() -> None:
    with pytest.raises(DataError, match=r"crop of 9.9 pixels is larger than the image.*8.8"):
        apply(photo(8, 8), Preprocessing(crop=(9, 9)))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 8, 8), np.float32),
        np.zeros((2, 8, 8, 3), np.uint8),
        np.zeros((8, 8), np.uint8),
        np.zeros((0, 8, 8), np.uint8),
    ],
)
def test_an_array_that_is_no_batch_of_images_is_refused(array: np.ndarray) -> None:
    with pytest.raises(DataError, match="not a batch of images"):
        apply(array, Preprocessing())


def test_an_image_of_another_mode_is_refused() -> None:
    with pytest.raises(DataError, match="mode CMYK"):
        apply(Image.new("CMYK", (4, 4)), Preprocessing())


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean": (0.1, 0.2)},
        {"channels": "gray", "std": (1, 1, 1)},
        {"std": (0.0,)},
        {"std": (-1.0,)},
        {"mean": (float("nan"),)},
        {"range": (1, 1)},
        {"range": (0, float("inf"))},
    ],
)
def test_preprocessing_that_cannot_be_carried_out_cannot_be_written(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Preprocessing(**wrong)
