"""Redaction: remove secrets and personal data from paths and answers for logs and errors. Pure."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

SAFE_METHODS = frozenset({"GET", "HEAD"})
CODE = re.compile(r'"code"\s*:\s*"([a-z][a-z0-9_]{0,39})"')
REQUEST_ID = re.compile(rb'"request_?[iI]d"\s*:\s*"([\w-]{6,64})"')
ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "x-correlation-id", "cf-ray")
ID_END_BYTES = 400  # searched at each end of a body
# A key: long, letters and digits mixed, unlike a word or a number. A UUID is an id, not a key.
KEY = re.compile(r"(?=[^/]*[A-Za-z])(?=[^/]*[0-9])[A-Za-z0-9_~.=-]{24,}")
UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
MIN_SECRET_CHARS = 6
HIDDEN = "…"


def redacted_path(path: str, *, secrets: Iterable[str] = ()) -> str:
    """Return a path without its query, the ``secrets``, and parts that look like keys."""
    bare, has_query, _ = path.partition("?")
    bare = redact(bare.partition("#")[0], secrets)
    visible = "/".join(HIDDEN if _is_key(part) else part for part in bare.split("/"))
    return f"{visible}?{HIDDEN}" if has_query else visible


def _is_key(part: str) -> bool:
    return bool(KEY.fullmatch(part)) and not UUID.fullmatch(part)


def quoted_response(method: str, start: bytes, *, sent: Iterable[str] = ()) -> str:
    """Return the start of an answer for an error message, redacted.

    The answer to a write may echo personal data, so only its error code is quoted. From the answer
    to a read, the values ``sent`` in headers and queries are removed, because they may be keys.
    """
    text = start.decode("utf-8", "replace")
    if method not in SAFE_METHODS:
        code = CODE.search(text)
        return f" ({code[1]})" if code else ""
    return f": {redact(text, sent)!r}"


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, plain or URL-encoded; longest first."""
    long = {secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS}
    spelled = long | {quote(secret, safe="") for secret in long}
    for value in sorted(spelled, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return text


def service_request_id(headers: Mapping[str, str], content: bytes) -> str:
    """Return the service's own id of the request, from a header or the start or end of the body."""
    for name in ID_HEADERS:
        if value := headers.get(name, ""):
            return re.sub(r"[^\w.:-]", "", value)[:64]
    ends = (content[:ID_END_BYTES], content[-ID_END_BYTES:])
    for end in ends:
        if match := REQUEST_ID.search(end):
            return match[1].decode()
    return ""
