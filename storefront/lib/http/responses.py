"""HTTP responses: classify a status as success, temporary or permanent, decompress in pieces."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.retries import retry_after_s

SUCCESS_STATUSES = range(200, 300)
RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
# Sent before the request is processed; other errors may come after that.
NOT_PROCESSED = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResponse:
    """An answer; ``content`` is empty if the body was written to a file."""

    status: int
    headers: Mapping[str, str]  # names are case-insensitive
    content: bytes


def raise_for_status(answer: ServiceResponse, *, what: str, excerpt: str = "") -> None:
    """Raise TemporaryError for a retryable status, PermanentError for any other failure."""
    status = answer.status
    if status in SUCCESS_STATUSES:
        return
    if status in RETRYABLE_STATUSES:
        raise TemporaryError(
            f"{what}: HTTP {status}{excerpt}",
            code=str(status),
            is_outcome_unknown=status not in NOT_PROCESSED,
            retry_after_s=retry_after_s(answer.headers),
        )
    raise PermanentError(f"{what}: HTTP {status}{excerpt}", code=str(status))


# Decompression

ACCEPT_ENCODING = "gzip, deflate"
PIECE_BYTES = 65_536
_WBITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def decompressed(chunks: Iterable[bytes], *, encoding: str) -> Iterator[bytes]:
    """Decode a Content-Encoding in pieces of at most ``PIECE_BYTES``.

    An uncompressed chunk is passed on as it is.

    Raises: PermanentError: an encoding that was not requested. TemporaryError: corrupt or
    truncated.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from chunks
        return
    if name not in _WBITS:
        raise PermanentError(f"unsupported content encoding {name[:20]!r}", is_outcome_unknown=True)
    box = zlib.decompressobj(_WBITS[name])
    try:
        for chunk in chunks:
            yield from _pieces(box, chunk)
    except zlib.error as error:
        raise TemporaryError("malformed compressed response", is_outcome_unknown=True) from error
    if not box.eof:
        raise TemporaryError("the compressed response is cut off", is_outcome_unknown=True)


def _pieces(box: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    while chunk and not box.eof:
        if piece := box.decompress(chunk, PIECE_BYTES):
            yield piece
        chunk = box.unconsumed_tail
