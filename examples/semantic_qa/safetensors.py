"""A reader of the safetensors file format.

A file is an 8-byte little-endian length, that many bytes of JSON, and the bytes of all tensors.
The JSON maps each name to a dtype, a shape and a byte range; the ranges cover all data once.
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

LENGTH_BYTES = 8
# The format's own limit: a longer header means a damaged file, not a large model.
MAX_HEADER_BYTES = 100_000_000
METADATA_KEY = "__metadata__"

# Explicit byte orders: the format is little-endian whatever the host is.
DTYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
}


class SafetensorsError(ValueError):
    """The file does not follow the safetensors format; the message names the file and the place."""


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read-only arrays by tensor name, mapped from the file: bytes are read when first touched.

    Raises `SafetensorsError` if the file breaks the format, and `OSError` if it cannot be read.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < LENGTH_BYTES:
            raise SafetensorsError(
                f"{path}: {size} bytes are too few for a safetensors file, "
                f"which starts with an {LENGTH_BYTES}-byte header length"
            )
        # The arrays keep the map alive after the file object is closed.
        buffer = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    header, data = _split(buffer, Path(path))
    tensors: dict[str, np.ndarray] = {}
    extents: list[tuple[int, int, str]] = []
    for name, entry in header.items():
        if name == METADATA_KEY:
            continue
        where = f"{path}: tensor {name!r}"
        dtype, shape, begin, end = _check_entry(entry, len(data), where)
        extents.append((begin, end, name))
        tensors[name] = np.frombuffer(data[begin:end], dtype).reshape(shape)
    _check_tiling(sorted(extents), len(data), Path(path))
    return tensors


def _split(buffer: memoryview, path: Path) -> tuple[dict[str, Any], memoryview]:
    """The parsed header and the bytes after it."""
    length = int.from_bytes(buffer[:LENGTH_BYTES], "little")
    if length > min(MAX_HEADER_BYTES, len(buffer) - LENGTH_BYTES):
        raise SafetensorsError(
            f"{path}: the header is said to have {length} bytes, but the file has "
            f"{len(buffer) - LENGTH_BYTES} after the length, and {MAX_HEADER_BYTES} is the limit"
        )
    start = LENGTH_BYTES + length
    try:
        header = json.loads(
            bytes(buffer[LENGTH_BYTES:start]).decode("utf-8"), object_pairs_hook=_unique
        )
    except ValueError as error:  # covers malformed UTF-8, malformed JSON and repeated names
        raise SafetensorsError(f"{path}: the header is not a JSON object: {error}") from error
    if not isinstance(header, dict):
        raise SafetensorsError(
            f"{path}: the header is a JSON {type(header).__name__}, expected an object"
        )
    return header, buffer[start:]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object as a dict; `json` alone would silently keep the last of equal names."""
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {repeated!r} occurs twice")
    return result


def _check_entry(
    entry: Any, data_bytes: int, where: str
) -> tuple[np.dtype[Any], list[int], int, int]:
    """The dtype, shape and byte range of one header entry, after checking each of them."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise SafetensorsError(f"{where}: expected the keys dtype, shape and data_offsets: {entry}")
    code, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        raise SafetensorsError(f"{where}: dtype {code!r} is not one of {', '.join(DTYPES)}")
    if not _naturals(shape):
        raise SafetensorsError(f"{where}: shape {shape} is not a list of non-negative integers")
    if not (_naturals(offsets) and len(offsets) == 2 and offsets[0] <= offsets[1] <= data_bytes):
        raise SafetensorsError(
            f"{where}: data_offsets {offsets} is not a range within the {data_bytes} bytes of data"
        )
    dtype = DTYPES[code]
    needed = math.prod(shape) * dtype.itemsize
    begin, end = offsets
    if end - begin != needed:
        raise SafetensorsError(
            f"{where}: {code} of shape {shape} takes {needed} bytes, "
            f"but data_offsets {offsets} span {end - begin}"
        )
    return dtype, shape, begin, end


def _naturals(value: Any) -> bool:
    """Whether `value` is a list of integers >= 0; JSON's true and false are not integers."""
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_tiling(extents: Iterable[tuple[int, int, str]], data_bytes: int, path: Path) -> None:
    """Every byte of data belongs to exactly one tensor: no overlap, no hole, nothing at the end."""
    covered = 0
    for begin, end, name in extents:
        if begin != covered:
            fault = (
                "overlaps the tensor before it" if begin < covered else "leaves a hole before it"
            )
            raise SafetensorsError(f"{path}: tensor {name!r} at byte {begin} {fault} ({covered})")
        covered = end
    if covered != data_bytes:
        raise SafetensorsError(
            f"{path}: {data_bytes - covered} bytes after the last tensor belong to none"
        )
