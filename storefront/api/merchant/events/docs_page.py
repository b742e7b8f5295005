"""Webhook documentation: the page for programs that receive events, in English."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from storefront.api.core.docs import pretty, schema_in
from storefront.events.deliveries import DISABLED_AFTER, MAX_ATTEMPTS, TOTAL_S
from storefront.lib.security.webhook_signing import TOLERANCE

PYTHON = """import base64, hashlib, hmac, time

def is_genuine(headers, body: bytes, secret: str) -> bool:
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    given = headers["webhook-signature"].split(" ")
    return abs(time.time() - int(timestamp)) < 300 and any(
        hmac.compare_digest(expected, signature) for signature in given
    )
"""
JAVASCRIPT = """const crypto = require("node:crypto");

function isGenuine(headers, body, secret) {
  const id = headers["webhook-id"], timestamp = headers["webhook-timestamp"];
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const expected = "v1," + crypto.createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const matches = headers["webhook-signature"].split(" ").some((signature) =>
    signature.length === expected.length && crypto.timingSafeEqual(Buffer.from(signature), Buffer.from(expected)));
  return matches && Math.abs(Date.now() / 1000 - timestamp) < 300;
}
"""


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    schema = schema_in("en")
    parts = {
        name: part
        for name, part in schema["components"]["schemas"].items()
        if name.startswith("Event") and name != "Event"
    }
    webhooks = []
    for name, methods in schema["webhooks"].items():
        content = methods["post"]["requestBody"]["content"]["application/json"]
        data = content["schema"]["properties"]["data"]["$ref"].rpartition("/")[2]
        webhooks.append((name, methods["post"]["summary"], data, pretty(content["example"])))
    page = {
        "webhooks": webhooks,
        "parts": [(name, pretty(part)) for name, part in parts.items()],
        "programs": [("Python", PYTHON), ("JavaScript", JAVASCRIPT)],
        "attempts": MAX_ATTEMPTS,
        "timeout_s": int(TOTAL_S),
        "disabled_after_days": DISABLED_AFTER.days,
        "tolerance_min": int(TOLERANCE.total_seconds() // 60),
    }
    with override("en"):
        return render(request, "api/webhooks.html", page)
