"""Archives: unpack one data file from a zip or gzip, within size limits.

Archives are untrusted. Only the largest data file is read, and its name is never used as a path.
"""

import gzip
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

from suppliers.connectors.feed.limits import (
    CHUNK,
    MAX_COMPRESSION_RATIO,
    MAX_ENTRIES,
    MAX_UNPACKED_BYTES,
    RATIO_EXEMPT_BYTES,
    invalid_file,
)

GZIP = b"\x1f\x8b"
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
END = b"PK\x05\x06"
END_BYTES = 22
LOCATOR = struct.Struct("<4sIQI")
LOCATOR_SIGNATURE = b"PK\x06\x07"
END_64_SIGNATURE = b"PK\x06\x06"
END_64 = struct.Struct("<4s28xQQ8x")
MAX_COMMENT_BYTES = 65_535
MAX_DIRECTORY_BYTES = MAX_ENTRIES * 300
DATA_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".ndjson", ".jsonl", ".xml", ".xlsx")
ENCRYPTED_FLAG = 0x1
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
)


def unpack(path: Path, *, work: Path) -> tuple[Path, str]:
    """Return the data file, unpacked if needed, and how it was packed. Raises PermanentError."""
    with path.open("rb") as file:
        start = file.read(len(ZIP))
    if start.startswith(GZIP):
        return _unpack_gzip(path, work=work), "gzip"
    if start in {ZIP, EMPTY_ZIP} and not is_workbook(path):
        return _unpack_zip(path, work=work), "zip"
    return path, ""


def is_workbook(path: Path) -> bool:
    with open_zip(path) as archive:
        names = set(archive.namelist())
    return "xl/workbook.xml" in names


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip whose directory is short enough to be read. Raises PermanentError."""
    _check_directory_size(path)
    try:
        return zipfile.ZipFile(path)
    except ARCHIVE_ERRORS as error:
        raise invalid_file("broken-archive", f"The archive cannot be opened: {error}") from error


def _check_directory_size(path: Path) -> None:
    """Check the length of the directory before it is read into memory."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END_BYTES - MAX_COMMENT_BYTES))
        tail = file.read()
        at = tail.rfind(END)
        if at < 0 or len(tail) - at < END_BYTES:
            raise invalid_file(
                "broken-archive",
                "The end of the ZIP or XLSX file is missing. Save or download the file again.",
            )
        directories = [struct.unpack("<HI", tail[at + 10 : at + 16])]
        directories += _read_zip64_end(file, size - len(tail) + at)
    if any(
        entries > MAX_ENTRIES or size_bytes > MAX_DIRECTORY_BYTES
        for entries, size_bytes in directories
    ):
        raise invalid_file("many-entries", f"The archive contains more than {MAX_ENTRIES} files.")


def _read_zip64_end(file: IO[bytes], end_at: int) -> list[tuple[int, int]]:
    """Return entries and bytes of the directory by the zip64 end records, which take precedence.

    Parsers look for the record where its locator says, or right before the locator: read both.
    """
    locator_at = end_at - LOCATOR.size
    if locator_at < 0:
        return []
    file.seek(locator_at)
    signature, _, record_at, _ = LOCATOR.unpack(file.read(LOCATOR.size))
    if signature != LOCATOR_SIGNATURE:
        return []
    directories = []
    for at in (record_at, locator_at - END_64.size):
        if 0 <= at <= locator_at - END_64.size:
            file.seek(at)
            signature, entries, size_bytes = END_64.unpack(file.read(END_64.size))
            if signature == END_64_SIGNATURE:
                directories.append((entries, size_bytes))
    return directories


def _unpack_gzip(path: Path, *, work: Path) -> Path:
    with gzip.open(path) as source:
        return _copy_limited(source, work / "inflated", packed_bytes=path.stat().st_size)


def _unpack_zip(path: Path, *, work: Path) -> Path:
    with open_zip(path) as archive:
        entry = _find_data_entry(archive)
        with open_entry(archive, entry) as source:
            return _copy_limited(source, work / "extracted", packed_bytes=entry.compress_size)


def _find_data_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the entry of the largest data file. Raises PermanentError."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if any(stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        raise invalid_file("archive-link", "The archive contains a link. Links are not followed.")
    files = [entry for entry in entries if not _is_hidden(entry.filename)]
    data = [entry for entry in files if entry.filename.casefold().endswith(DATA_ENDINGS)]
    if not files:
        raise invalid_file("archive-empty", "The archive contains no file.")
    return max(data or files, key=lambda entry: entry.file_size)


def _is_hidden(name: str) -> bool:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return last.startswith(".") or name.startswith("__MACOSX/")


def open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    """Open one packed file, unless its stated size makes it a bomb. Raises PermanentError."""
    if entry.flag_bits & ENCRYPTED_FLAG:
        raise invalid_file("archive-encrypted", "The archive is protected with a password.")
    if entry.file_size > MAX_UNPACKED_BYTES or (
        entry.file_size > RATIO_EXEMPT_BYTES + MAX_COMPRESSION_RATIO * entry.compress_size
    ):
        raise invalid_file(
            "archive-bomb", f"The archive is too large: {entry.file_size} bytes unpacked."
        )
    try:
        return archive.open(entry)
    except ARCHIVE_ERRORS as error:
        raise invalid_file("broken-archive", f"The archive cannot be opened: {error}") from error


def _copy_limited(source: gzip.GzipFile | IO[bytes], target: Path, *, packed_bytes: int) -> Path:
    max_bytes = min(MAX_UNPACKED_BYTES, RATIO_EXEMPT_BYTES + MAX_COMPRESSION_RATIO * packed_bytes)
    written = 0
    with target.open("wb") as sink:
        try:
            while chunk := source.read(CHUNK):
                written += len(chunk)
                if written > max_bytes:
                    raise invalid_file(
                        "archive-bomb",
                        f"The archive is too large: over {max_bytes} bytes unpacked.",
                    )
                sink.write(chunk)
        except ARCHIVE_ERRORS as error:
            raise invalid_file("broken-archive", f"The archive is damaged: {error}") from error
    return target
