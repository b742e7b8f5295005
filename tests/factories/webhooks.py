"""Webhook factories: build and post webhooks, signed as each sender signs them."""

import base64
import hashlib
import hmac
import json
from itertools import count

from django.urls import reverse

from storefront.lib.security import webhook_signing
from storefront.lib.security.encryption import encrypt
from storefront.webhooks import sources, storage
from storefront.webhooks.models import SupplierSecret
from storefront.webhooks.sources import Source
from suppliers.models import Connection, Supplier
from tests.factories.suppliers import NOON

OPEN_ID = "20000123"
SECRET = "whsec_" + base64.b64encode(b"a secret of the supplier").decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"the secret of last year").decode()
_numbers = count(1)


def connect_cj(supplier, open_id=OPEN_ID):
    """Connect a supplier through the CJ connector, which signs with its open id."""
    supplier.adapter = "cj"
    supplier.save()
    Connection.objects.filter(supplier=supplier).update(account_id=open_id)
    return f"cj-{supplier.code}"


def cj_sign(body, open_id=OPEN_ID):
    return base64.b64encode(hmac.digest(open_id.encode(), body, hashlib.sha256)).decode()


def cj_body(kind, message_id=None, /, **params):
    message = {
        "messageId": message_id or f"m-{next(_numbers)}",
        "type": kind,
        "messageType": "UPDATE",
        "params": params,
    }
    return json.dumps(message).encode()


def post_cj(client, source, body, **headers):
    headers = {"sign": cj_sign(body)} | headers
    return client.post(
        reverse("hook", args=[source]), body, content_type="application/json", headers=headers
    )


def secret_of(source):
    """Return the secret of a source; that of a supplier's system is stored if it is missing."""
    kind, _, code = source.partition("-")
    if kind != "supplier":
        return SECRET
    secret = "whsec_" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    supplier = Supplier.objects.filter(code=code).first()
    if supplier is not None and not supplier.webhook_secrets.exists():
        SupplierSecret.objects.create(
            supplier=supplier, secret_encrypted=encrypt({"secret": secret}), created_at=NOON
        )
    return secret


def post_signed(client, source, body, *, message_id=None, at=NOON, secret=None, **headers):
    signed = webhook_signing.headers_for(
        message_id=message_id or f"msg_{next(_numbers)}",
        body=body,
        at=at,
        secret=secret or secret_of(source),
    )
    return client.post(
        reverse("hook", args=[source]),
        body,
        content_type="application/json",
        headers=signed | headers,
    )


def store_webhook(source, body, external_id=None, now=NOON):
    call, _ = storage.store(
        source=sources.find(source) or Source(name=source),
        external_id=external_id or f"call-{next(_numbers)}",
        body=body,
        now=now,
    )
    return call
