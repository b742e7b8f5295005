"""Encoding: detect the encoding of a file, read the file as UTF-8."""

import codecs
from pathlib import Path
from typing import BinaryIO

from suppliers.connectors.feed.limits import CHUNK, ByteSource, invalid_file

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SUPPORTED = frozenset(
    {"utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1"}
    | {"cp1250", "cp1251", "cp1254"}
)
# Other names of supported encodings.
NAMES = {
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "windows-1254": "cp1254",
    "iso-8859-1": "cp1252",
    "iso-8859-9": "cp1254",
    "utf8": "utf-8",
}
MAX_NUL_SHARE = 0.3
# A file with at least this many valid characters for each broken one is damaged UTF-8.
MIN_VALID_PER_BROKEN = 20


def detect_encoding(path: Path) -> str:
    """Return the encoding by byte order mark, pattern or elimination, from the whole file."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
        for bom, name in BOMS:
            if start.startswith(bom):
                return name
        if utf16_name := _utf16_name(start):
            return utf16_name
        file.seek(0)
        return _utf8_or_western(file)


def _utf16_name(start: bytes) -> str:
    even, odd = start[::2].count(0), start[1::2].count(0)
    half = max(1, len(start) // 2)
    if odd / half > MAX_NUL_SHARE and even / half < MAX_NUL_SHARE:
        return "utf-16-le"
    if even / half > MAX_NUL_SHARE and odd / half < MAX_NUL_SHARE:
        return "utf-16-be"
    return ""


def _utf8_or_western(file: BinaryIO) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    valid = broken = 0
    while chunk := file.read(CHUNK):
        if chunk.isascii():
            continue
        text = decoder.decode(chunk)
        new_broken = text.count("\ufffd")
        broken += new_broken
        valid += len(text) - new_broken - len(text.encode("ascii", "ignore"))
    return "utf-8" if broken == 0 or valid >= MIN_VALID_PER_BROKEN * broken else "cp1252"


def standard_name(name: str) -> str:
    """Return the encoding that staff set, by its standard name. Raises PermanentError."""
    folded = name.casefold().replace("_", "-")
    folded = NAMES.get(folded, folded)
    if folded not in SUPPORTED:
        raise invalid_file("encoding", f"Unknown encoding {name[:30]!r}.")
    return folded


class Utf8Stream:
    """A file in another encoding, read as UTF-8."""

    def __init__(self, file: ByteSource, *, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def read(self, size: int = CHUNK) -> bytes:
        while chunk := self._file.read(max(size, 2)):
            if recoded := self._decoder.decode(chunk).encode("utf-8", "replace"):
                return recoded
        return b""
