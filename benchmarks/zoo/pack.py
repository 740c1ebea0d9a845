"""Pack Fashion-MNIST for the zoo: `python -m benchmarks.zoo.pack --data DIR`.

The result is one npz file a split with the arrays `images` (N x 28 x 28 bytes, in the published
order) and `labels` (N int64), which numpy reads as it is: an npz is a zip archive, and its members
are compressed with LZMA, which is smaller here than deflate, PNG and lossless WebP (README).
"""

import argparse
import io
import zipfile
from pathlib import Path

import numpy as np

from .images import LabelledImages, Split, read_split

TARGET = Path(__file__).parents[2] / "plugins/zoo/src/boildown_zoo/fashion_mnist"
NAMES: dict[str, Split] = {"train": "train", "test": "t10k"}
# A zip member carries a date; a fixed one makes the same images the same file.
DATE = (2017, 8, 25, 0, 0, 0)


def pack(data: LabelledImages, path: Path) -> None:
    """Write one split."""
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in {"images": data.images, "labels": data.labels.astype("int64")}.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            information = zipfile.ZipInfo(f"{key}.npy", DATE)
            information.external_attr = 0o644 << 16
            archive.writestr(information, member.getvalue(), zipfile.ZIP_LZMA)


def same(data: LabelledImages, path: Path) -> bool:
    """Tell whether the packed file holds exactly these images and labels."""
    with np.load(path, allow_pickle=False) as packed:
        return np.array_equal(packed["images"], data.images) and np.array_equal(
            packed["labels"], data.labels
        )


def main() -> None:
    """Pack both splits, read them back, and refuse images that stand in both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the idx.gz files")
    arguments = parser.parse_args()
    TARGET.mkdir(parents=True, exist_ok=True)
    splits = {name: read_split(arguments.data, source) for name, source in NAMES.items()}
    distinct = {name: {image.tobytes() for image in data.images} for name, data in splits.items()}
    if distinct["train"] & distinct["test"]:
        raise SystemExit("some images stand in both splits: no measurement would be honest")
    for name, data in splits.items():
        path = TARGET / f"{name}.npz"
        pack(data, path)
        if not same(data, path):
            raise SystemExit(f"{path.name} does not give back the images it was made from")
        print(f"{path.name}: {len(data.labels)} images, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
