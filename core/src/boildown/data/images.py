"""`images:DIR`: folders of image files, one folder a class, or a table of labels.

Nothing is decoded here: what comes out are index files of paths and labels, so that any number
of images costs no memory (`data.batches` decodes them batch by batch).
"""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError
from .class_files import read_classes
from .image_scan import scan_folders, scan_table
from .index import ClassOrder, Index, interleaved, write_split
from .manifest import DataManifest
from .uris import Uri, refuse_unknown_keys


def images_dataset(uri: Uri, workdir: Path) -> DataManifest:
    """Index a folder of images below `workdir`.

    The query may name `labels=FILE` (a table of `relative path,label`), `classes=FILE` (class
    names in the model's order) and `split=train|calibration|test` (this one only). Relative
    file names start at the dataset's folder.

    Raises:
        DataError: The folder is missing or empty, a class is empty, or labels do not fit.
        UriError: The query holds anything else.
    """
    refuse_unknown_keys(uri, ("labels", "classes", "split"))
    root = Path(uri.path).expanduser().absolute()
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DataError(f"the image folder {root} {what}; give a folder of images")
    given = read_classes(root / uri.query["classes"]) if "classes" in uri.query else ()
    if "labels" in uri.query:
        scan = scan_table(uri, root, root / uri.query["labels"], given)
    else:
        scan = scan_folders(uri, root, given)
    order: ClassOrder = "given" if given else "sorted"
    return DataManifest(
        uri=str(uri),
        kind="images",
        splits={
            name: write_split(Index(root, interleaved(entries), scan.classes, order), workdir)
            for name, entries in scan.entries.items()
        },
        classes=scan.classes,
        notes=scan.notes,
    )
