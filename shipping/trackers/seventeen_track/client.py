"""17TRACK client: register numbers, read their events, verify and parse webhooks.

The dialect is API version 2.4. Registrations count against the account's quota, reads do not.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shipping.trackers.base import RegistrationResult, TrackedNumber, TrackingReport
from shipping.trackers.seventeen_track import parsing
from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import PermanentError
from storefront.lib.http.observers import CallObserver
from storefront.lib.http.retries import retry
from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError

VERSION = "/track/v2.4"
TOKEN_HEADER = "17token"  # noqa: S105 - a header's name
SIGNATURE_HEADER = "sign"
CODE = "17track"
MAX_BATCH = 40
LANGUAGE = "en"  # of descriptions that the carrier translates
READ_TIMEOUT_S = 10.0
TOTAL_TIMEOUT_S = 20.0
MAX_ATTEMPTS = 2
_SIGNATURE = re.compile(r"[0-9a-fA-F]{64}")


class SeventeenTrack:
    """17TRACK, with the keys of one account: the first makes calls, all of them verify webhooks."""

    code = CODE
    max_batch = MAX_BATCH

    def __init__(self, *, base_url: str, keys: Sequence[str], gate: CallObserver) -> None:
        self._keys = keys
        self._api = ApiClient(
            base_url,
            headers={TOKEN_HEADER: keys[0]},
            read_s=READ_TIMEOUT_S,
            total_s=TOTAL_TIMEOUT_S,
            gate=gate,
            secrets=keys,
        )

    def close(self) -> None:
        self._api.close()

    def register(self, numbers: Sequence[TrackedNumber]) -> list[RegistrationResult]:
        asked = [
            {**_named(one), "tag": one.reference, "lang": LANGUAGE, "auto_detection": True}
            for one in numbers
        ]
        return parsing.read_registrations(self._post("register", asked))

    def read(self, numbers: Sequence[TrackedNumber]) -> list[TrackingReport]:
        return parsing.read_reports(self._post("gettrackinfo", [_named(one) for one in numbers]))

    def verify_signature(self, *, headers: Mapping[str, str], body: bytes) -> str:
        """Verify ``sign``: SHA-256 of the body, a slash and the key. It holds no time.

        17TRACK gives webhooks no id, and sends the same bytes again: their digest is the id.
        """
        given = headers.get(SIGNATURE_HEADER, "").strip().lower()
        if not _SIGNATURE.fullmatch(given):
            raise InvalidHeadersError("the header sign is required")
        is_valid = False  # all are compared, so that the time reveals no match
        for key in self._keys:
            is_valid |= hmac.compare_digest(sign(body, key), given)
        if not is_valid:
            raise InvalidSignatureError("signature does not match")
        return hashlib.sha256(body).hexdigest()

    def parse_webhook(self, body: bytes) -> TrackingReport | None:
        return parsing.read_webhook(body)

    def _post(self, path: str, body: list[dict[str, Any]]) -> Any:
        if len(body) > MAX_BATCH:
            raise PermanentError(f"{len(body)} numbers: at most {MAX_BATCH} a call")
        call = partial(self._api.post, f"{VERSION}/{path}", body)
        return retry(call, is_idempotent=True, tries=MAX_ATTEMPTS)


def sign(body: bytes, key: str) -> str:
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def _named(one: TrackedNumber) -> dict[str, Any]:
    carrier = {"carrier": one.carrier_code} if one.carrier_code else {}
    return {"number": one.number, **carrier}
