"""WooCommerce fulfillments: report parcels in the way that the store supports, find them again.

In this order: the fulfillments of WooCommerce itself, the extension Shipment Tracking, the
extension Advanced Shipment Tracking, and a note to the customer.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.platforms.base import FulfillmentWrite, RemoteOrder
from storefront.sales_channels.platforms.woocommerce.client import NO_ROUTE, Client
from storefront.sales_channels.platforms.woocommerce.schemas import (
    Fulfillment,
    Meta,
    Note,
    Order,
    Tracking,
    meta_value,
)

KEY_META = "_fara_parcel"
# A parcel reported by an extension or a note, in the meta data of the order.
PARCEL_META = "_fara_parcel_{key}"
EXTENSIONS = ("wc-shipment-tracking/v3", "wc-ast/v3")
TO_SHIP, SHIPPED = "processing", "completed"


class Fulfillments:
    """The parcels of one store. ``FulfillmentWrite.key`` is the id of a parcel."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._routes: dict[str, bool] = {}  # whether the store has a route, once it was called

    def write(self, parcel: FulfillmentWrite, order: RemoteOrder) -> str:
        """Report a parcel once; complete the order when all its units have shipped."""
        path = f"orders/{parcel.order_id}/fulfillments"
        own = self._rows("fulfillments", path, Fulfillment)
        shipped: Counter[str] = Counter()
        if own is None:
            shipped += self._write_meta(parcel, order)
        else:
            if not any(_is(parcel, one) for one in own):
                own = [*own, self._create(path, parcel)]
            for one in own:
                shipped += _units(one.meta_data)
        if order.raw.get("status") == TO_SHIP and _is_complete(order, shipped):
            self._client.write("PUT", f"orders/{parcel.order_id}", {"status": SHIPPED}, Order)
        return parcel.key

    def update(self, parcel: FulfillmentWrite, order: RemoteOrder) -> None:
        """Change the tracking number of a reported parcel."""
        path = f"orders/{parcel.order_id}/fulfillments"
        own = self._rows("fulfillments", path, Fulfillment)
        if own is None:
            self._write_meta(parcel, order)
            return
        for one in own:
            if _is(parcel, one):
                self._client.write(
                    "PUT", f"{path}/{one.id}", _body(parcel, one.meta_data), Fulfillment
                )

    def _create(self, path: str, parcel: FulfillmentWrite) -> Fulfillment:
        return self._client.write("POST", path, _body(parcel), Fulfillment, notify_customer="true")

    # Extensions and notes

    def _write_meta(self, parcel: FulfillmentWrite, order: RemoteOrder) -> Counter[str]:
        """Report a parcel, unless the order's meta data tell that it was; return all units."""
        metas = [Meta(**_known(one)) for one in order.raw.get("meta_data", [])]
        name = PARCEL_META.format(key=parcel.key)
        parcels = {
            one.key: one.value
            for one in metas
            if one.key.startswith(PARCEL_META.format(key="")) and isinstance(one.value, dict)
        }
        before = parcels.get(name)
        if before is None or before.get("number") != parcel.tracking_number:
            tracking_id = self._track(parcel, before or {})
            parcels[name] = {
                "units": dict(parcel.units),
                "number": parcel.tracking_number,
                "id": tracking_id,
            }
            body = {"meta_data": [{"key": name, "value": parcels[name]}]}
            self._client.write("PUT", f"orders/{parcel.order_id}", body, Order)
        shipped: Counter[str] = Counter()
        for value in parcels.values():
            units = value.get("units")
            shipped.update({str(key): int(count) for key, count in dict(units or {}).items()})
        return shipped

    def _track(self, parcel: FulfillmentWrite, before: Mapping[str, Any]) -> str:
        for namespace in EXTENSIONS:
            path = f"{namespace}/orders/{parcel.order_id}/shipment-trackings"
            rows = self._rows(namespace, path, Tracking)
            if rows is None:
                continue
            same = [one for one in rows if one.tracking_number == parcel.tracking_number]
            new = same[0] if same else self._client.write("POST", path, _tracking(parcel), Tracking)
            # The extension cannot change a parcel.
            old = [one for one in rows if one.tracking_id == str(before.get("id") or "")]
            for one in old:
                if one.tracking_id != new.tracking_id:
                    self._client.send("DELETE", f"{path}/{one.tracking_id}")
            return new.tracking_id
        return self._note(parcel)

    def _note(self, parcel: FulfillmentWrite) -> str:
        path = f"orders/{parcel.order_id}/notes"
        text = "\n".join(
            filter(None, [f"{parcel.carrier} {parcel.tracking_number}", parcel.tracking_url])
        )
        rows = self._client.get(path, list[Note], type="customer")
        for one in rows:
            if parcel.tracking_number and parcel.tracking_number in one.note:
                return str(one.id)
        return str(self._client.write("POST", path, {"note": text, "customer_note": True}, Note).id)

    def _rows[T](self, route: str, path: str, kind: type[T]) -> list[T] | None:
        """Return the rows; None if the store has no such route."""
        if not self._routes.get(route, True):
            return None
        try:
            rows = self._client.get(path, list[kind])  # type: ignore[valid-type]
        except PermanentError as error:
            if error.code != NO_ROUTE:
                raise
            self._routes[route] = False
            return None
        return rows


def _is(parcel: FulfillmentWrite, one: Fulfillment) -> bool:
    return bool(meta_value(one.meta_data, KEY_META) == parcel.key)


def _body(parcel: FulfillmentWrite, before: list[Meta] | None = None) -> dict[str, Any]:
    """Return a fulfillment; meta data that exist are changed by their id."""
    ids = {one.key: one.id for one in before or []}
    meta = {
        KEY_META: parcel.key,
        "_items": [{"item_id": int(key), "qty": units} for key, units in parcel.units.items()],
        "_tracking_number": parcel.tracking_number,
        "_tracking_url": parcel.tracking_url,
        "_shipment_provider": "other",
        "_provider_name": parcel.carrier,
    }
    return {
        "status": "fulfilled",
        "is_fulfilled": True,
        "meta_data": [
            {"key": key, "value": value, **({"id": ids[key]} if ids.get(key) else {})}
            for key, value in meta.items()
        ],
    }


def _tracking(parcel: FulfillmentWrite) -> dict[str, str]:
    return {
        "tracking_number": parcel.tracking_number,
        "custom_tracking_provider": parcel.carrier,
        "custom_tracking_link": parcel.tracking_url,
    }


def _units(metas: list[Meta]) -> Counter[str]:
    rows = meta_value(metas, "_items")
    return Counter(
        {str(row.get("item_id")): int(row.get("qty") or 0) for row in rows if isinstance(row, dict)}
        if isinstance(rows, list)
        else {}
    )


def _is_complete(order: RemoteOrder, shipped: Counter[str]) -> bool:
    """Return whether all units have shipped that were not refunded."""
    refunded: Counter[str] = Counter()
    for refund in order.refunds:
        refunded.update(refund.units)
    return all(
        shipped[line.external_id] + refunded[line.external_id] >= line.quantity
        for line in order.lines
    )


def _known(meta: Any) -> dict[str, Any]:
    row = meta if isinstance(meta, dict) else {}
    return {name: row[name] for name in ("id", "key", "value") if name in row}
