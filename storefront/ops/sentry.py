"""Sentry: report unhandled errors without personal data and keys."""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from django.conf import settings

from storefront.lib.log_format import sanitized

# Parts of an event that may hold an address, a cookie, a form or a key.
DROPPED = ("breadcrumbs", "user", "extra", "logentry")


def start() -> None:
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.ENVIRONMENT,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=without_personal_data,
    )


def without_personal_data(event: Any, _hint: Mapping[str, Any]) -> Any:
    """Return an event with method and path of its request, and texts without keys."""
    request = event.pop("request", {})
    for part in DROPPED:
        event.pop(part, None)
    if request:
        url = str(request.get("url", "")).partition("?")[0]
        event["request"] = {"method": request.get("method", ""), "url": sanitized(url)}
    event["transaction"] = sanitized(event.get("transaction") or "")
    for error in (event.get("exception") or {}).get("values", ()):
        error["value"] = sanitized(str(error.get("value", "")))
    return event
