"""Notification factories: record events, create the messages that they cause."""

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
_ORDER = {
    "number": "FL-261124-7K3QX",
    "email": "erika@example.org",
    "locale": "en",
    "url": "https://fara.example/en/orders/FL-261124-7K3QX/key/",
    "currency": "EUR",
    "goes_to": "DE",
}
# Made-up payloads, for tests of rendering and dispatch. In tests of e-mail texts, the shop's own
# code records the events.
PAYLOADS = {
    "compliance_document.expires": {
        "email": ["desk@fara.example", "boss@fara.example"],
        "locale": "en",
        "url": "https://fara.example/admin/suppliers/compliancedocument/7/change/",
        "supplier": "Lumen",
        "criterion": "UN 38.3",
        "issuer": "TÜV",
        "reference": "R-1 <7>",
        "valid_until": "2026-12-24",
    },
    "order.placed": {
        **_ORDER,
        "lines": LINES,
        "subtotal": "142.48",
        "delivery": "4.90",
        "discounts": [],
        "added_tax": "",
        "tax": "23.53",
        "tax_rate": "0.19000",
        "total": "147.38",
        "ship_to": {
            "name": "Erika Muster",
            "line1": "Musterweg 1",
            "line2": "",
            "postcode": "10115",
            "city": "Berlin",
            "region": "",
            "country": "DE",
            "phone": "+49301234567",
        },
        "has_legal_guarantee": True,
        "guarantees": [
            {
                "title": "Weir 370",
                "brand": "Tindrel",
                "model": "TW-370",
                "has_label": True,
                "months": 30,
                "years": "2.5",
                "guarantor": "Tindrel Lights OÜ",
                "address": "Sadama 1, Tallinn, Estonia",
                "territory": "European Union",
                "claim": "Write to service@tindrel.example; it is repaired or replaced.",
                "terms_url": "https://shop.example/en/orders/FL-261124-7K3QX/key/guarantees/1/",
            }
        ],
        "arrives_from": "2026-12-03",
        "arrives_to": "2026-12-09",
    },
    "parcel.delivered": {
        **_ORDER,
        "sms_number": "+4915123456789",
        "lines": LINES,
        "order": "FL-261124-7K3QX",
        "carrier": "CJPacket",
        "number": "CJPKL0000000000YQ",
        "tracking_url": "https://www.cjpacket.com/?trackingNumber=CJPKL0000000000YQ",
    },
    "order.refunded": {**_ORDER, "amount": "134.88"},
    "parcel.shipped": {
        **_ORDER,
        "lines": LINES,
        "order": "FL-261124-7K3QX",
        "carrier": "CJPacket",
        "number": "CJPKL0000000000YQ",
        "tracking_url": "https://www.cjpacket.com/?trackingNumber=CJPKL0000000000YQ",
        "arrives_from": "2026-11-29",
        "arrives_to": "2026-12-04",
    },
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


def make_message(name="parcel.shipped", now=NOON, **payload):
    (message,) = dispatch.fan_out(event=make_event(name, **payload), now=now)
    return message
