"""Entity tags: tag single objects, answer conditional requests.

A tag is the hash of the complete object as the API shows it. An answer with ``fields`` or ``expand``
has no tag.
"""

import hashlib
import json
from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.selection import EXPAND, FIELDS

NOT_MODIFIED = 304


def etag_of(data: Any) -> str:
    text = json.dumps(data, cls=JSONEncoder, sort_keys=True)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def respond(request: Request, data: Any, status: int = 200) -> Response:
    """Return an object with its tag, or 304 if ``If-None-Match`` names the tag."""
    is_read = request.method in SAFE_METHODS
    if is_read and any(name in request.query_params for name in (FIELDS, EXPAND)):
        return Response(data, status=status)
    etag = etag_of(data)
    if is_read and _matches(request.headers.get("If-None-Match", ""), etag):
        return Response(status=NOT_MODIFIED, headers={"ETag": etag})
    return Response(data, status=status, headers={"ETag": etag})


def require_match(request: Request, data: Any) -> None:
    """Check ``If-Match`` against the current object; call it under the lock of the write.

    Raises: ProblemError: the object has changed since the client read it.
    """
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _matches(wanted, etag_of(data)):
        raise ProblemError(problem_types.PRECONDITION_FAILED)


def _matches(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags
