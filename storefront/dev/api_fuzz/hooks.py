"""Hooks of schemathesis: send the CSRF token of a customer, and new idempotency keys."""

import os
from itertools import count
from typing import Any

import schemathesis

HEADER, MAX_KEY = "Idempotency-Key", 255
# Every eighth valid key stays: it may repeat an earlier one.
KEPT = 8
requests = count()


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    if case.operation.path.startswith("/api/v1/me/"):
        case.cookies = {**(case.cookies or {}), "csrftoken": os.environ["FUZZ_CSRF_COOKIE"]}
        case.headers["X-CSRFToken"] = os.environ["FUZZ_CSRF_TOKEN"]
    key, number = case.headers.get(HEADER), next(requests)
    if isinstance(key, str) and 0 < len(key) <= MAX_KEY and number % KEPT:
        case.headers[HEADER] = os.urandom(16).hex()
