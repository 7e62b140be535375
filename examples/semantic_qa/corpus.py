"""The files to search: those of a folder, or the licences and descriptions of what is installed."""

from __future__ import annotations

import importlib.metadata
import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path, PurePath

TEXT_SUFFIXES = {".txt", ".md", ".rst"}
LICENCE_STEMS = {"LICENSE", "LICENCE", "COPYING"}
TEXT_STEMS = LICENCE_STEMS | {"NOTICE", "README"}
# Longer files are mostly collections of other projects' licences, which repeat one another.
MAX_FILE_BYTES = 16_384


def text_files(folder: str | os.PathLike[str]) -> list[str]:
    """The text files below `folder`, sorted by path.

    Raises `FileNotFoundError` if there is none.
    """
    files = sorted(
        str(path) for path in Path(folder).rglob("*") if _is_text(path) and path.is_file()
    )
    if not files:
        suffixes = ", ".join(sorted(TEXT_SUFFIXES))
        raise FileNotFoundError(f"{folder}: no text file ({suffixes}, LICENSE, README) below it")
    return files


def installed_files() -> list[str]:
    """Python's licence, and a licence and the description of each installed package, by name."""
    names = sorted({distribution.name for distribution in importlib.metadata.distributions()})
    paths = [Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"]
    for name in names:
        paths.extend(_texts_of(importlib.metadata.distribution(name)))
    return [str(path) for path in paths if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES]


def display_name(path: str) -> str:
    """A path without the folder that all packages share, or without the current one."""
    for root in (sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"), os.getcwd()):
        if Path(path).is_relative_to(root):
            return str(Path(path).relative_to(root))
    return path


def _texts_of(distribution: importlib.metadata.Distribution) -> Iterator[Path]:
    """The first licence of a package, and the file whose body is its description."""
    metadata = [file for file in distribution.files or () if file.parts[0].endswith(".dist-info")]
    licences = [file for file in metadata if file.stem.upper() in LICENCE_STEMS]
    # A package's own licence lies nearer to the root than those of what it includes.
    licences.sort(key=lambda file: (len(file.parts), str(file)))
    descriptions = [file for file in metadata if file.name == "METADATA"]
    for file in licences[:1] + descriptions:
        yield Path(str(distribution.locate_file(file)))


def _is_text(path: PurePath) -> bool:
    return path.suffix.lower() in TEXT_SUFFIXES or path.stem.upper() in TEXT_STEMS
