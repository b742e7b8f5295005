"""Fuzzed shop: fill it with orders in every state, create the credentials of each kind of client."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from catalog.models import Channel, Listing, Product, Variant
from orders.models import Order, PurchaseOrder, ReturnAuthorization
from orders.purchasing import submission
from shipping.models import Parcel
from storefront.accounts.email_verification import verify
from storefront.accounts.models import User
from storefront.api.core import api_keys
from storefront.api.models import Scope
from storefront.dev.bench.harness.orders import sell
from storefront.events import publication
from storefront.events.models import PublicEvent
from suppliers.models import StockLevel, Supplier

SOLD = 20
# The first ``SUBMITTED`` orders are submitted, the first ``SHIPPED`` of these are shipped, and so on,
# so that each step has orders.
SUBMITTED, SHIPPED, DELIVERED, RETURNED, APPROVED, RECEIVED, INSPECTED = 14, 12, 10, 8, 6, 4, 2
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What a client must know: ``secrets`` by security scheme, and existing ``values`` by kind."""

    secrets: Mapping[str, str]
    values: Mapping[str, Iterable[str | int]]


class RefusedError(RuntimeError):
    """The API refused a request that prepares the shop."""


def fill(supplier: Supplier) -> Shop:
    """Sell a supplier's stock, and move the orders through all states."""
    now = timezone.now()
    key = api_keys.create(name="fuzz", scopes=Scope.values, actor="api_fuzz", now=now)[1]
    sold = sell(channel=Channel.objects.get(code="shop"), supplier=supplier, count=SOLD, now=now)
    for each in sold[:SUBMITTED]:
        submission.submit(purchase_order=each, now=now)
    _move(key, sold)
    publication.publish_pending(now=timezone.now())
    order = sold[0].order
    return Shop(
        secrets={
            "ApiKey": key,
            "OrderKey": order.access_key,
            "CartToken": _cart(),
            **_customer(order),
        },
        values=_values(order),
    )


def _move(key: str, sold: Sequence[PurchaseOrder]) -> None:
    """Ship, deliver, return and refund by the API."""
    for turn, each in enumerate(sold[:SHIPPED]):
        units = [
            {"line_id": line.order_line_id, "quantity": line.quantity} for line in each.lines.all()
        ]
        tracking = {"carrier": "DHL", "tracking_number": f"JJD0003900123456789{turn:02}"}
        parcel = _post(f"admin/purchase-orders/{each.number}/parcels", tracking, bearer=key)
        if turn < DELIVERED:
            _post(f"admin/parcels/{parcel['id']}/deliver", {"reason": "It has arrived"}, bearer=key)
        if turn < RETURNED:
            wanted = {"kind": "defect", "lines": units, "message": "It stays dark."}
            opened = _post(f"admin/orders/{each.order.number}/returns", wanted, bearer=key)
            path = f"admin/returns/{opened['returns'][0]['number']}"
            inspected = [
                {"line_id": line["line_id"], "accepted": line["quantity"], "condition": "as_new"}
                for line in units
            ]
            steps: tuple[tuple[int, str, dict[str, Any]], ...] = (
                (APPROVED, "approve", {}),
                (RECEIVED, "receive", {"lines": units}),
                (INSPECTED, "inspect", {"lines": inspected}),
            )
            for most, step, body in steps:
                if turn < most:
                    _post(f"{path}/{step}", body, bearer=key)


def _post(path: str, body: Mapping[str, Any], *, bearer: str = "") -> Any:
    response = Client(HTTP_HOST=HOST).post(
        f"/api/v1/{path}/",
        json.dumps(body),
        content_type="application/json",
        headers={"authorization": f"Bearer {bearer}", "idempotency-key": uuid.uuid4().hex},
    )
    if not response.status_code < 300:  # noqa: PLR2004 - success
        raise RefusedError(f"{path}: {response.content.decode()}")
    return response.json()


def _cart() -> str:
    """Open a cart with one unit; return its token."""
    token = _post("carts", {"country": "DE"})["token"]
    listing = Listing.objects.for_sale(timezone.now()).filter(channel__code="shop").latest("pk")
    _post("cart/lines", {"listing_id": listing.pk}, bearer=token)
    return str(token)


def _customer(order: Order) -> dict[str, str]:
    """Sign in a customer whose verified address is that of the order."""
    user = User.objects.create(email=order.email, name="Erika Muster")
    verify(user=user, now=timezone.now())
    client = Client(HTTP_HOST=HOST)
    client.force_login(user)
    token = client.get("/api/v1/me/").json()["csrf_token"]
    return {
        "CustomerSession": client.cookies["sessionid"].value,
        "CSRF_COOKIE": client.cookies["csrftoken"].value,
        "CSRF_TOKEN": token,
    }


def _values(order: Order) -> dict[str, Iterable[str | int]]:
    """Return values of existing objects, by the name of the dictionary in ``schemathesis.toml``."""
    return {
        "own_orders": [order.number],
        "orders": Order.objects.values_list("number", flat=True),
        "purchase_orders": PurchaseOrder.objects.values_list("number", flat=True),
        "returns": ReturnAuthorization.objects.values_list("number", flat=True),
        "parcels": Parcel.objects.values_list("pk", flat=True),
        "skus": Variant.objects.filter(listings__isnull=False).values_list("sku", flat=True)[:50],
        "slugs": Product.objects.values_list("slug", flat=True)[:50],
        "products": Product.objects.values_list("pk", flat=True)[:50],
        "variants": Variant.objects.values_list("pk", flat=True)[:50],
        "listings": Listing.objects.values_list("pk", flat=True)[:50],
        "suppliers": Supplier.objects.values_list("pk", flat=True),
        "customers": User.objects.filter(is_staff=False).values_list("pk", flat=True),
        "events": PublicEvent.objects.values_list("public_id", flat=True)[:50],
        "lines": order.lines.values_list("pk", flat=True),
        "locations": StockLevel.objects.values_list("location_id", flat=True).distinct(),
        # Public, so that they are accepted. No worker runs, so nothing is sent to them.
        "addresses": ["https://1.1.1.1/hook", "https://1.0.0.1/inbox"],
    }
