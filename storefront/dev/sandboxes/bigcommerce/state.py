"""BigCommerce state: the rules of one store, its quota and its errors."""

import base64
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.store.state import (
    ApiError,
    Kinds,
    StoreRules,
    StoreState,
    wrong_fields,
)
from storefront.lib.security.webhook_signing import headers_for

DEFAULT_TOKEN = "bc-sandbox-" + "0123456789abcdef" * 2
DEFAULT_SECRET = "bc-client-" + "fedcba9876543210" * 2
SCOPES = "store_v2_information store_v2_products store_v2_orders store_inventory"
DOCS = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(StoreRules):
    """One API account of the store, and its quota.

    Units:  ``scopes`` may be modified, separated by blanks; ``quota`` is calls per ``window_s``
    """

    store_hash: str = "k4ndl3"
    access_token: str = DEFAULT_TOKEN
    client_secret: str = DEFAULT_SECRET
    scopes: str = SCOPES
    quota: int = 450
    window_s: float = 30.0


class Quota:
    """Counts calls in a window."""

    def __init__(self, *, calls: int, window_s: float) -> None:
        self._lock = threading.Lock()
        self.set(calls=calls, window_s=window_s)

    def set(self, *, calls: int, window_s: float) -> None:
        """Set the limit, and begin a new window."""
        with self._lock:
            self.calls, self.window_s = calls, window_s
            self._used, self._ends_s = 0, 0.0

    def count(self, now_s: float) -> tuple[bool, dict[str, str]]:
        """Count a call; return whether it is allowed, and the headers of the answer."""
        with self._lock:
            if now_s >= self._ends_s:
                self._used, self._ends_s = 0, now_s + self.window_s
            is_allowed = self._used < self.calls
            self._used += is_allowed
            reset_ms = max(int((self._ends_s - now_s) * 1000) + 1, 1)
            return is_allowed, {
                "X-Rate-Limit-Time-Window-Ms": str(int(self.window_s * 1000)),
                "X-Rate-Limit-Time-Reset-Ms": str(reset_ms),
                "X-Rate-Limit-Requests-Quota": str(self.calls),
                "X-Rate-Limit-Requests-Left": str(self.calls - self._used),
            }


class SandboxState(StoreState[Rules]):
    """One store and its quota."""

    MAX_ATTEMPTS = 12

    def __init__(self, *, folder: Path, rules: Rules, base_url: str = "") -> None:
        super().__init__(folder=folder, rules=rules, base_url=base_url)
        self.quota = Quota(calls=rules.quota, window_s=rules.window_s)
        self._open_location()

    def _open_location(self) -> None:
        if self.documents.get("location", 1) is None:
            self.documents.put("location", {"id": 1, "label": "Main warehouse"})

    def reset(self) -> None:
        super().reset()
        self._open_location()
        self.quota.set(calls=self.rules.quota, window_s=self.rules.window_s)

    def signed(
        self,
        delivery: str,
        topic: str,  # noqa: ARG002 - it is in the body
        body: bytes,
        secret: str,
    ) -> dict[str, str]:
        key = base64.b64encode(secret.encode()).decode()
        at = datetime.fromtimestamp(self.now(), UTC)
        return headers_for(message_id=delivery, body=body, at=at, secret=key)

    def webhook_failed(self, hook_id: int) -> None:
        if hook := self.documents.get("hook", hook_id):
            self.documents.put("hook", hook | {"is_active": False})

    def now_text(self) -> str:
        """Return a time as V2 writes it."""
        return format_datetime(datetime.fromtimestamp(self.stamp_s(), UTC))


def refused(status: int, title: str, **errors: str) -> ApiError:
    """Return an error as V3 sends it."""
    return ApiError(status, {"status": status, "title": title, "type": DOCS, "errors": errors})


def refused_v2(status: int, message: str) -> ApiError:
    return ApiError(status, [{"status": status, "message": message}])


def check_fields(body: Any, kinds: Kinds, *, required: tuple[str, ...] = ()) -> None:
    """Refuse missing fields, wrong types and unknown fields."""
    if not isinstance(body, dict):
        raise refused(422, "The request body is invalid.")
    missing = {name: "is required" for name in required if name not in body}
    if wrong := missing | wrong_fields(body, kinds):
        raise refused(422, "JSON data is missing or invalid", **wrong)
