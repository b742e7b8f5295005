"""Unpack an answer as it comes, a little at a time: no few bytes become a gigabyte at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from storefront.lib.http.errors import PermanentError, TemporaryError

ACCEPTED = "gzip, deflate"
PIECE_BYTES = 65_536
_WBITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def unpacked(chunks: Iterable[bytes], *, encoding: str) -> Iterator[bytes]:
    """Undo a Content-Encoding; no piece is larger than ``PIECE_BYTES``, unless it came so.

    Raises: PermanentError  packed in a way that we did not ask for
            TemporaryError  broken, or cut off
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from chunks
        return
    if name not in _WBITS:
        raise PermanentError(f"packed as {name[:20]!r}", may_have_happened=True)
    box = zlib.decompressobj(_WBITS[name])
    try:
        for chunk in chunks:
            yield from _pieces(box, chunk)
    except zlib.error as error:
        raise TemporaryError("broken packing", may_have_happened=True) from error
    if not box.eof:
        raise TemporaryError("the packed answer is cut off", may_have_happened=True)


def _pieces(box: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    while chunk and not box.eof:
        if piece := box.decompress(chunk, PIECE_BYTES):
            yield piece
        chunk = box.unconsumed_tail
