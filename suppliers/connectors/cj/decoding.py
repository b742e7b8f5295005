"""Open CJ's JSON as what it should be. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from decimal import Decimal
from functools import cache
from typing import Any, cast

import msgspec

from storefront.lib.http.errors import PermanentError


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind, float_hook=Decimal)


def decoded[T](content: bytes, kind: type[T], *, what: str) -> T:
    """Read JSON as what it should be; a number with a point becomes an exact Decimal.

    Raises: PermanentError  it is no JSON, or of another shape
    """
    try:
        answer: T = _decoder(cast(Hashable, kind)).decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        start = content[:80].decode("utf-8", "replace")
        raise PermanentError(
            f"{what}: {error}, in {start!r}", code="garbage", may_have_happened=True
        ) from error
    return answer
