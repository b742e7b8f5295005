"""Stripe parameters: list the parameters that each call accepts.

They are the documented ones that a shop needs.
"""

import re
from collections.abc import Mapping
from typing import Any

from storefront.dev.sandboxes.stripe.form_encoding import METADATA, WHOLE, WORD, YES_NO

EXPAND = [re.compile(r"[a-z_.]{1,100}")]
URL = re.compile(r"https?://[!-~]{1,5000}")
CURRENCY = re.compile(r"[a-z]{3}")
CHOICE = re.compile(r"if_available|never")

SESSION: Mapping[str, Any] = {
    "mode": re.compile(r"payment"),
    "client_reference_id": re.compile(r".{1,200}"),
    "line_items": [
        {
            "quantity": WHOLE,
            "price_data": {
                "currency": CURRENCY,
                "unit_amount": WHOLE,
                "product_data": {"name": WORD, "description": WORD, "metadata": METADATA},
            },
        }
    ],
    "allowed_payment_method_types": [re.compile(r"[a-z0-9_]{1,40}")],
    "payment_intent_data": {
        "capture_method": re.compile(r"automatic|automatic_async|manual"),
        "description": WORD,
        "metadata": METADATA,
    },
    "payment_method_options": {
        "card": {
            "request_multicapture": CHOICE,
            "request_extended_authorization": CHOICE,
            "request_three_d_secure": re.compile(r"any|automatic|challenge"),
        }
    },
    "metadata": METADATA,
    "success_url": URL,
    "cancel_url": URL,
    "locale": re.compile(r"auto|[a-z]{2,3}(-[A-Z0-9]{2,3})?"),
    "expires_at": WHOLE,
    "expand": EXPAND,
}
CAPTURE: Mapping[str, Any] = {
    "amount_to_capture": WHOLE,
    "final_capture": YES_NO,
    "expand": EXPAND,
}
CANCEL: Mapping[str, Any] = {
    "cancellation_reason": re.compile(r"duplicate|fraudulent|requested_by_customer|abandoned"),
    "expand": EXPAND,
}
REFUND: Mapping[str, Any] = {
    "payment_intent": WORD,
    "amount": WHOLE,
    "reason": re.compile(r"duplicate|fraudulent|requested_by_customer"),
    "metadata": METADATA,
    "expand": EXPAND,
}
READ: Mapping[str, Any] = {"expand": EXPAND}
LIST: Mapping[str, Any] = {
    "payment_intent": WORD,
    "created": {"gt": WHOLE, "gte": WHOLE, "lt": WHOLE, "lte": WHOLE},
    "starting_after": WORD,
    "limit": WHOLE,
    "expand": EXPAND,
}
