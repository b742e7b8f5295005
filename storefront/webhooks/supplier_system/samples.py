"""Samples: example payloads of a supplier's system, programs that sign and send them, schemas. Pure."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from storefront.webhooks.supplier_system.payloads import PAYLOADS

PLACEHOLDER_SECRET = "whsec_…"  # noqa: S105 - no secret

# The placeholders of the programs are replaced by quoted texts.
SHELL = r"""URL=@URL@
SECRET=@SECRET@
BODY=@BODY@
ID="msg_$(openssl rand -hex 12)"
TIMESTAMP="$(date +%s)"
KEY="$(printf %s "${SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')"
SIGNATURE="$(printf %s "$ID.$TIMESTAMP.$BODY" \
  | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | openssl base64 -A)"
curl -sS -w '\n%{http_code}\n' "$URL" \
  -H 'content-type: application/json' \
  -H "webhook-id: $ID" \
  -H "webhook-timestamp: $TIMESTAMP" \
  -H "webhook-signature: v1,$SIGNATURE" \
  --data-binary "$BODY"
"""
PYTHON = """import base64, hashlib, hmac, secrets, time, urllib.request

URL = @URL@
SECRET = @SECRET@
BODY = @BODY@.encode()

message_id = f"msg_{secrets.token_hex(12)}"
timestamp = str(int(time.time()))
key = base64.b64decode(SECRET.removeprefix("whsec_"))
signed = message_id.encode() + b"." + timestamp.encode() + b"." + BODY
signature = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
request = urllib.request.Request(URL, BODY, {
    "content-type": "application/json",
    "webhook-id": message_id,
    "webhook-timestamp": timestamp,
    "webhook-signature": f"v1,{signature}",
})
with urllib.request.urlopen(request, timeout=10) as answer:
    print(answer.status, answer.read().decode())
"""
JAVASCRIPT = """const crypto = require("node:crypto");

const URL = @URL@;
const SECRET = @SECRET@;
const BODY = @BODY@;

const id = `msg_${crypto.randomBytes(12).toString("hex")}`;
const timestamp = Math.floor(Date.now() / 1000);
const key = Buffer.from(SECRET.replace("whsec_", ""), "base64");
const signature = crypto.createHmac("sha256", key).update(`${id}.${timestamp}.${BODY}`).digest("base64");
fetch(URL, {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": `v1,${signature}`,
  },
  body: BODY,
}).then(async (answer) => console.log(answer.status, await answer.text()));
"""


def sample_payloads(
    *,
    sku: str = "HL-1800-BK",
    quantity: int = 24,
    cost: str = "21.40",
    currency: str = "EUR",
    location: str = "",
) -> Mapping[str, dict[str, Any]]:
    """Return one example of each payload. ``location`` is named if the supplier has several."""
    stock_row = {"sku": sku, "quantity": quantity} | ({"location": location} if location else {})
    return {
        "tracking": {
            "type": "tracking",
            "order": "FL-261124-7K3QX-1",
            "answer": "shipped",
            "parcels": [
                {
                    "carrier": "DHL",
                    "number": "00340434161094042557",
                    "status": "In transit",
                    "happened_at": "2026-11-24T09:00:00+01:00",
                    "lines": [{"sku": sku, "quantity": 1}],
                }
            ],
        },
        "stock": {"type": "stock", "rows": [stock_row]},
        "price": {"type": "price", "currency": currency, "rows": [{"sku": sku, "cost": cost}]},
        "product_status": {"type": "product_status", "rows": [{"sku": sku, "status": "active"}]},
        "test": {"type": "test"},
    }


def shell_program(*, url: str, secret: str, body: str) -> str:
    return _filled(SHELL, url, secret, body, quote=shlex.quote)


def python_program(*, url: str, secret: str, body: str) -> str:
    return _filled(PYTHON, url, secret, body, quote=json.dumps)


def javascript_program(*, url: str, secret: str, body: str) -> str:
    return _filled(JAVASCRIPT, url, secret, body, quote=json.dumps)


def _filled(program: str, url: str, secret: str, body: str, *, quote: Any) -> str:
    for name, value in (("@URL@", url), ("@SECRET@", secret), ("@BODY@", body)):
        program = program.replace(name, quote(value))
    return program


def schemas() -> Mapping[str, str]:
    """Return the JSON Schema of each payload."""
    return {
        name: json.dumps(msgspec.json.schema(payload), indent=2, ensure_ascii=False)
        for name, payload in PAYLOADS.items()
    }
