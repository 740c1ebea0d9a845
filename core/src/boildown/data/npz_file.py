"""Read .npz files that anyone may have made: headers first, no pickle, bounded in size.

numpy's own loader trusts what a header claims; here shapes, types and sizes are checked before
memory is spent on them.
"""

from __future__ import annotations

import math
import os
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

#: All arrays of one file together, unpacked; larger sets belong into folders of images.
MAX_BYTES = 8 << 30
_MAX_ARRAYS = 1000
_CHUNK = 1 << 20
#: Layout of a local file header (APPNOTE.TXT 4.3.7); its last two numbers are the lengths of
#: file name and extra field.
_LOCAL_HEADER = struct.Struct("<4s2B4HL2L2H")
#: Truth values, integers and real numbers.
_KINDS = "biuf"


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of one array before the array is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def read_headers(path: Path) -> dict[str, Header]:
    """Return the header of every array in the file, by its key.

    Raises:
        DataError: The file is missing, damaged, too large, or holds what is not plain numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_sizes(path, members)
            return {_key(m): _read_header(path, archive, m) for m in members}
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"the file {path} does not exist") from error
    except PermissionError as error:
        raise DataError(f"the file {path} cannot be read ({error.strerror})") from error
    except Exception as error:  # zip and npy readers raise whatever damage drives them to
        raise _damaged(path, error) from error


def load_array(path: Path, key: str) -> NDArray[Any]:
    """Return one array, read-only and in native byte order; kept for the next call.

    Raises:
        DataError: The file or array is missing or damaged, or does not fit into memory.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise DataError(f"the file {path} cannot be read ({error.strerror})") from error
    return _load(path, key, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))


def stored_bytes(path: Path, key: str) -> Iterator[bytes]:
    """Yield the bytes of one array as they stand in the file, still packed, in pieces.

    How they are packed comes first, so that different ways never give the same bytes.

    Raises:
        DataError: The file or array is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
            member = archive.getinfo(f"{key}.npy")
            yield f"{member.compress_type} {member.file_size} {member.compress_size}\n".encode()
            # Name and extra field may be longer here than in the directory at the file's end.
            stream.seek(member.header_offset)
            name, extra = _LOCAL_HEADER.unpack(stream.read(_LOCAL_HEADER.size))[-2:]
            stream.seek(name + extra, os.SEEK_CUR)
            left = member.compress_size
            while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
                left -= len(chunk)
                yield chunk
    except Exception as error:  # zip readers raise whatever damage drives them to
        raise _damaged(path, error) from error


@lru_cache(maxsize=8)
def _load(path: Path, key: str, _state: tuple[int, ...]) -> NDArray[Any]:
    headers = read_headers(path)
    if key not in headers:
        raise DataError(f"{path} has no array {key!r} (it holds {', '.join(headers) or 'none'})")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            values: NDArray[Any] = arrays[key]
    except Exception as error:  # as above
        raise _damaged(path, error) from error
    native = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("="), copy=False))
    native.setflags(write=False)
    return native


def _check_sizes(path: Path, members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > _MAX_ARRAYS or total > MAX_BYTES:
        raise DataError(
            f"{path} unpacks to {total / 1e9:.1f} GB in {len(members)} arrays; the limit is "
            f"{MAX_BYTES / 1e9:.1f} GB in {_MAX_ARRAYS}. Larger data go into a folder of images"
        )
    if len({member.filename for member in members}) < len(members):
        raise DataError(f"{path} holds two arrays of the same name; write it again")


def _key(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _read_header(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    key = _key(member)
    with archive.open(member) as stream:
        shape, dtype = _parse_header(stream)
        start = stream.tell()
    if dtype.kind not in _KINDS:
        raise DataError(
            f"{path}: the array {key!r} is of type {dtype}; boildown reads integers and real "
            "numbers only (objects would need pickle, which can run any code)"
        )
    if math.prod(shape) * dtype.itemsize != member.file_size - start:
        raise DataError(f"{path}: the array {key!r} is not as long as its header says")
    return Header(shape, dtype)


def _parse_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    return shape, dtype


def _damaged(path: Path, error: Exception) -> DataError:
    detail = f"{type(error).__name__}: {error}"
    return DataError(f"{path} is not an .npz file that numpy can read ({detail}); write it again")
