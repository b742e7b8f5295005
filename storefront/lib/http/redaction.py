"""Redaction: remove secrets and personal data from paths and answers for logs and errors. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

READS = frozenset({"GET", "HEAD"})
CODE = re.compile(r'"code"\s*:\s*"([a-z][a-z0-9_]{0,39})"')
REQUEST_ID = re.compile(rb'"request_?[iI]d"\s*:\s*"([\w-]{6,64})"')
ID_HEADERS = ("x-request-id", "request-id", "x-amzn-requestid", "x-correlation-id", "cf-ray")
ID_END_BYTES = 400
# Long, and made of letters and digits mixed: a key, no word and no number. UUIDs name things.
KEY = re.compile(r"(?=[^/]*[A-Za-z])(?=[^/]*[0-9])[A-Za-z0-9_~.=-]{24,}")
UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
SHORTEST_SECRET = 6
HIDDEN = "…"


def spoken_path(path: str, *, hidden: Iterable[str] = ()) -> str:
    """Return a path without its query, without what is ``hidden``, and what looks like a key."""
    bare, has_query, _ = path.partition("?")
    bare = without(bare.partition("#")[0], hidden)
    said = "/".join(HIDDEN if _is_key(part) else part for part in bare.split("/"))
    return f"{said}?{HIDDEN}" if has_query else said


def _is_key(part: str) -> bool:
    return bool(KEY.fullmatch(part)) and not UUID.fullmatch(part)


def quoted(method: str, start: bytes, *, sent: Iterable[str] = ()) -> str:
    """Quote the start of an answer for an error.

    The answer to a write may echo what we sent, and that names shoppers: of it, only the
    code is told, a word without an address in it. Of any other, what we ``sent`` along in
    headers and queries is left out: keys are among it.
    """
    text = start.decode("utf-8", "replace")
    if method not in READS:
        code = CODE.search(text)
        return f" ({code[1]})" if code else ""
    return f": {without(text, sent)!r}"


def without(text: str, hidden: Iterable[str]) -> str:
    """Leave out the secrets, as they are and as an address spells them, the longest first."""
    long = {each for each in hidden if len(each) >= SHORTEST_SECRET}
    spelled = long | {quote(each, safe="") for each in long}
    for value in sorted(spelled, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return text


def their_id(headers: Mapping[str, str], content: bytes) -> str:
    """Return what they call this request: support asks for it. It stands at an end of the body."""
    for name in ID_HEADERS:
        if said := headers.get(name, ""):
            return re.sub(r"[^\w.:-]", "", said)[:64]
    ends = (content[:ID_END_BYTES], content[-ID_END_BYTES:])
    for end in ends:
        if match := REQUEST_ID.search(end):
            return match[1].decode()
    return ""
