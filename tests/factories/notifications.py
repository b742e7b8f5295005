"""Facts and the messages they make."""

from __future__ import annotations

from itertools import count

from notifications import dispatch
from notifications.models import Event
from tests.factories.suppliers import NOON

_numbers = count(1)
LINES = [
    {
        "title": "Ridge 1800, Black",
        "sku": "FL-1",
        "quantity": 2,
        "amount": "129.98",
        "picture_url": "https://fara.example/media/pictures/ridge-240.webp",
        "beam_url": "https://fara.example/beam/22500-1800.png",
        "beam_m": 300,
    },
    {
        "title": "Spare cell <21700>",
        "sku": "FL-2",
        "quantity": 1,
        "amount": "12.50",
        "picture_url": "",
        "beam_url": "",
        "beam_m": None,
    },
]
_BASICS = {
    "email": "erika@example.org",
    "locale": "en",
    "url": "https://fara.example/en/orders/FL-261124-7K3QX/key/",
    "currency": "EUR",
    "goes_to": "DE",
    "lines": LINES,
}
_SUPPLIER = {
    "email": ["desk@fara.example", "boss@fara.example"],
    "locale": "en",
    "url": "https://fara.example/admin/suppliers/evidence/7/change/",
    "supplier": "Lumen",
    "code": "lumen",
}
_ORDER = {**_BASICS, "number": "FL-261124-7K3QX"}
_ADDRESS = {
    "name": "Erika Muster",
    "line1": "Musterweg 1",
    "line2": "",
    "postcode": "10115",
    "city": "Berlin",
    "region": "",
    "country": "DE",
    "phone": "+49301234567",
}
_RETURN = {
    "return_number": "FL-261124-7K3QX-R4CTZ",
    "destination": "us",
    "address": "Fara, Lampenweg 1, 10115 Berlin",
    "label_payer": "shopper",
    "label": "https://labels.example/1",
    "answer": "R-1 <7>",
    "send_before": "2026-12-08",
    "lines": LINES,
    "wanted": ["Trail 400, red <2>"],
}
_ACCOUNT = {
    "email": "erika@example.org",
    "locale": "en",
    "url": "https://fara.example/en/account/confirm/key/",
}
_ASKED = {
    "email": "orders@lumen.example",
    "locale": "en",
    "number": "FL-261124-7K3QX-1",
    "url": "https://fara.example/en/supplier/FL-261124-7K3QX-1/key/",
}
PAYLOADS = {
    "order.link_asked": _ORDER,
    "account.unproven": _ACCOUNT,
    "account.known": _ACCOUNT,
    "account.password_forgotten": _ACCOUNT,
    "account.new_address": _ACCOUNT,
    "account.address_asked": {
        **_ACCOUNT,
        "new_email": "erika.new@example.org",
        "day": "2026-11-24",
        "time": "12:00",
    },
    "account.address_changed": _ACCOUNT,
    "account.password_changed": _ACCOUNT,
    "account.factors_changed": {**_ACCOUNT, "what": "passkey_added"},
    "account.rights_changed": {
        **_ACCOUNT,
        "holder": "ann@fara.example",
        "actor": "boss@fara.example",
        "changes": ["+ group <Support>", "- is_superuser"],
    },
    "contact.received": {
        **_ACCOUNT,
        "shop_email": "help@fara.example",
        "name": "Erika Muster",
        "topic": "order",
        "message": "The strap <broke>.",
        "number": "FL-261124-7K3QX",
        "written_number": "",
        "staff_url": "https://fara.example/admin/orders/order/7/change/",
    },
    "evidence.expires": {
        **_SUPPLIER,
        "criterion": "UN 38.3",
        "issuer": "TÜV",
        "reference": "R-1 <7>",
        "valid_until": "2026-12-24",
    },
    "offers.withheld": {**_SUPPLIER, "count": 3, "criteria": ["UN 38.3", "CE"]},
    "order.placed": {
        **_ORDER,
        "goods": "142.48",
        "delivery": "4.90",
        "tax": "23.53",
        "tax_rate": "0.19000",
        "total": "147.38",
        "ship_to": _ADDRESS,
        "arrives_from": "2026-12-03",
        "arrives_to": "2026-12-09",
    },
    "order.unpaid": {**_ORDER, "total": "147.38", "pay_before": "2026-11-24T12:20:00+00:00"},
    "order.address_corrected": {
        **_ORDER,
        "ship_to": _ADDRESS,
        "was": {**_ADDRESS, "postcode": "1011", "city": "Berlin <Mitte>"},
        "is_own": False,
    },
    "order.address_answered": {
        **_ORDER,
        "is_changed": True,
        "ship_to": _ADDRESS,
        "wished": _ADDRESS,
        "was": {**_ADDRESS, "postcode": "1011"},
    },
    "order.canceled": {
        **_ORDER,
        "reason": "asked by the shopper",
        "refunded": True,
        "total": "147.38",
    },
    "order.cancellation_answered": {**_ORDER, "is_stopped": False},
    "order.lines_refused": {**_ORDER, "reason": "1602001: no stock", "amount": "134.88"},
    "order.setback_asked": {
        **_ORDER,
        "instead": [{"title": "Ridge <2000>", "was": "Ridge 1800"}],
        "amount": "134.88",
        "is_delay": False,
        "promised_by": "2026-12-05",
        "arrives_by": "2026-12-09",
        "answer_by": "2026-11-26T12:00:00+00:00",
        "answers": {
            "wait": "https://fara.example/en/orders/1/key/setbacks/1/?answer=wait",
            "substitute": "https://fara.example/en/orders/1/key/setbacks/1/?answer=substitute",
            "refund": "https://fara.example/en/orders/1/key/setbacks/1/?answer=refund",
        },
    },
    "order.refunded": {**_ORDER, "reason": "", "amount": "134.88"},
    **{
        f"parcel.{what}": {
            **_BASICS,
            "order": "FL-261124-7K3QX",
            "carrier": "CJPacket",
            "number": "CJPKL0000000000YQ",
            "is_lost": what == "lost",
        }
        for what in ("lost", "returned")
    },
    "parcel.shipped": {
        **_BASICS,
        "order": "FL-261124-7K3QX",
        "carrier": "CJPacket",
        "number": "CJPKL0000000000YQ",
        "tracking_url": "https://www.cjpacket.com/?trackingNumber=CJPKL0000000000YQ",
        "arrives_from": "2026-11-29",
        "arrives_to": "2026-12-04",
    },
    "return.declared": {
        **{key: value for key, value in _ORDER.items() if key != "lines"},
        "kind": "withdrawal",
        "words": "Too bright <for me>",
        "received_at": "2026-11-24T12:00:00+00:00",
        "returns": [_RETURN],
    },
    **{
        f"return.{what}": {
            **_ORDER,
            "what": what,
            "kind": "defect",
            "replacement": _ORDER["number"] if what == "exchanged" else "",
            "replacement_url": "https://fara.example/en/orders/FL-261124-7K3QX/key/"
            if what == "exchanged"
            else "",
            "sent": _ORDER["lines"][:1] if what == "exchanged" else [],
            "difference": "5.00" if what == "exchanged" else "",
            **_RETURN,
        }
        for what in (
            "approved",
            "rejected",
            "asked",
            "labeled",
            "refused",
            "expired",
            "exchanged",
            "unanswered",
        )
    },
    "purchase_order.mailed": {
        "email": "orders@lumen.example",
        "locale": "en",
        "number": "FL-261124-7K3QX-1",
        "carrier_service": "Standard",
        "url": "https://fara.example/en/supplier/FL-261124-7K3QX-1/key/",
        "lines": [
            {"sku": "HL-700-BLK", "title": "Ridge 1800, Black", "quantity": 2},
            {"sku": "CELL <21700>", "title": "", "quantity": 1},
        ],
        "ship_to": _ADDRESS,
    },
    "purchase_order.stop_wished": _ASKED,
    "purchase_order.address_wished": {**_ASKED, "ship_to": _ADDRESS},
}


def make_event(name="parcel.shipped", **payload):
    number = next(_numbers)
    return Event.objects.create(
        key=f"{name}:{number}",
        name=name,
        subject=f"order:{number}",
        sequence=1,
        payload={**PAYLOADS[name], **payload},
        occurred_at=NOON,
    )


def make_delivery(name="parcel.shipped", now=NOON, **payload):
    (delivery,) = dispatch.fan_out(event=make_event(name, **payload), now=now)
    return delivery
