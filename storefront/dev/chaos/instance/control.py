"""Sandbox control: call the sandboxes' control endpoints and the shop's public ones."""

import json
import time
import urllib.error
import urllib.request
from typing import Any

from storefront.dev.sandboxes.core import posting

TIMEOUT_S = 10.0
TRIES = 5
# No proxy for local calls.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def control(url: str, name: str, body: dict[str, Any] | None = None, *, method: str = "") -> Any:
    """Call a control endpoint of a sandbox."""
    request = urllib.request.Request(  # noqa: S310 - our own sandbox
        f"{url}/control/{name}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method or ("GET" if body is None else "POST"),
    )
    for turn in range(TRIES):
        try:
            with _opener.open(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except OSError:
            if turn == TRIES - 1:
                raise
            time.sleep(0.2)
    return None


def call(
    url: str, body: Any, headers: dict[str, str], *, method: str, timeout_s: float = 20.0
) -> tuple[int, str]:
    """Call the shop as an API client; return status and body, status 0 without an answer."""
    request = urllib.request.Request(  # noqa: S310 - our own shop
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
        method=method,
    )
    try:
        with _opener.open(request, timeout=timeout_s) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except Exception:  # noqa: BLE001 - cut off at any point, it is no answer
        return 0, ""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Post to the shop; return the status, or 0 without an answer."""
    status = posting.post(url, body, headers, timeout_s=TIMEOUT_S)
    return int(status) if status.isdecimal() else 0
