"""An answer from outside as it came, and what its status means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.retries import retry_after_s

GOOD = range(200, 300)
RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
NOT_DONE = frozenset({408, 425, 429})  # said before anything is done; the others may come after


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An answer as it came. ``content`` is empty when it was written ``to`` somewhere else."""

    status: int
    headers: Mapping[str, str]  # whatever the case of their names
    content: bytes


def judge(answer: Exchange, *, what: str, said: str = "") -> None:
    """Let a good answer be.

    Raises: TemporaryError  it says "later"
            PermanentError  it says "no"
    """
    status = answer.status
    if status in GOOD:
        return
    if status in RETRYABLE:
        raise TemporaryError(
            f"{what}: HTTP {status}{said}",
            code=str(status),
            may_have_happened=status not in NOT_DONE,
            retry_after_s=retry_after_s(answer.headers),
        )
    raise PermanentError(f"{what}: HTTP {status}{said}", code=str(status))
