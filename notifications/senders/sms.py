"""SMS sender: send one text message through Twilio's Messages API, classify each failure.

Twilio has no idempotency key. If the outcome of a call is unknown, the message is not repeated;
staff decide.
"""

from base64 import b64encode
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.conf import settings

from notifications.senders import OptedOutError, OutgoingMessage, Receipt
from notifications.senders.segments import count_segments
from storefront.lib.http.client import ApiClient
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.http.responses import ServiceResponse
from storefront.lib.http.retries import retry_after_s

HOOK_PATH = "/hooks/twilio/"
READ_S, TOTAL_S = 8.0, 12.0
MAX_ANSWER_BYTES = 100_000
OPTED_OUT = 21610  # the recipient replied STOP
# Mistakes of our account, not of the message: a retry may succeed when they are corrected.
ACCOUNT_STATUSES = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def is_offered() -> bool:
    """Return whether this shop sends text messages."""
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_FROM)


class Sms:
    """Sends one text message to one phone number (E.164)."""

    def send(self, message: OutgoingMessage) -> Receipt:
        if not is_offered():
            raise PermanentError("text messages are not set up (TWILIO_ACCOUNT_SID)")
        origin = settings.TWILIO_FROM
        fields = {
            "To": message.recipient,
            "MessagingServiceSid" if origin.startswith("MG") else "From": origin,
            "Body": message.text,
            "StatusCallback": f"{settings.PUBLIC_URL}{HOOK_PATH}",
        }
        answer = _call("POST", "Messages.json", fields)
        _raise_for_error(answer)
        return _receipt(_decoded(answer), message.text)


def read_message(external_id: str) -> dict[str, Any]:
    """Return what the provider says about a message. Raises TemporaryError, PermanentError."""
    answer = _call("GET", f"Messages/{external_id}.json")
    _raise_for_error(answer)
    return _decoded(answer)


def cost_of(values: dict[str, Any]) -> tuple[Decimal | None, str]:
    """Return amount and currency of a message; the provider writes a charge as a negative price."""
    try:
        amount = abs(Decimal(str(values["price"])))
    except (KeyError, InvalidOperation):  # null until the message was sent
        return None, ""
    unit = str(values.get("price_unit") or "").upper()[:3]
    return (amount, unit) if amount.is_finite() else (None, "")


def _call(method: str, path: str, fields: dict[str, str] | None = None) -> ServiceResponse:
    account, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    credentials = b64encode(f"{account}:{token}".encode()).decode()
    client = ApiClient(
        settings.TWILIO_API_URL,
        headers={"authorization": f"Basic {credentials}"},
        read_s=READ_S,
        total_s=TOTAL_S,
        max_answer_bytes=MAX_ANSWER_BYTES,
        secrets=[token, credentials],
    )
    form = {"content-type": "application/x-www-form-urlencoded"} if fields else {}
    with client:
        return client.send(
            method,
            f"/2010-04-01/Accounts/{account}/{path}",
            body=urlencode(fields).encode() if fields else None,
            headers=form,
        )


def _raise_for_error(answer: ServiceResponse) -> None:
    """Raise for an error status. Its text is left out, because it quotes the phone number."""
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return
    code = _error_code(answer)
    problem = f"SMS provider: HTTP {answer.status}" + (f", code {code}" if code else "")
    if code == OPTED_OUT:
        raise OptedOutError(problem, code=str(code))
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status in ACCOUNT_STATUSES:
        raise TemporaryError(
            problem, code=str(code or answer.status), retry_after_s=retry_after_s(answer.headers)
        )
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        # An error with a code is the provider's own: it created no message. An error of a proxy
        # may hide an accepted message.
        raise TemporaryError(problem, code=str(code or answer.status), is_outcome_unknown=not code)
    raise PermanentError(problem, code=str(code or answer.status))


def _error_code(answer: ServiceResponse) -> int:
    try:
        values = msgspec.json.decode(answer.content)
        return int(values["code"])
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError):
        return 0


def _decoded(answer: ServiceResponse) -> dict[str, Any]:
    try:
        values = msgspec.json.decode(answer.content)
        if isinstance(values, dict) and isinstance(values["sid"], str):
            return values
    except (msgspec.DecodeError, RecursionError, KeyError):
        pass
    raise TemporaryError("SMS provider: unreadable answer", is_outcome_unknown=True)


def _receipt(values: dict[str, Any], text: str) -> Receipt:
    cost, currency = cost_of(values)
    try:
        segments = int(values["num_segments"])
    except (KeyError, TypeError, ValueError):
        segments = 0  # a messaging service counts them later
    return Receipt(
        external_id=values["sid"][:64],
        segments=segments if 0 < segments < 100 else count_segments(text),  # noqa: PLR2004
        cost=cost,
        currency=currency,
    )
