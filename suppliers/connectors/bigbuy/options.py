"""BigBuy options: define the settings of a connection and the quotas of the API."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from suppliers.connectors.context import Quota
from suppliers.connectors.records import Acknowledgement

HOUR_S = 3600
CURRENCY = "EUR"


class Options(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings for staff.

    Shape:  ``taxonomies`` are the roots of the listed products. ``carriers`` are the allowed ones;
            empty allows all. Stock with a lead time above ``max_handling_days`` is not counted;
            the offer gets the longest lead time of the rest. ``warehouses`` maps a warehouse to
            its country, all others are in ``warehouse_country``. ``order_statuses`` maps BigBuy's
            status names; an unmapped name never counts as shipped. ``email`` and ``phone`` are
            ours, for the carriers
    """

    taxonomies: tuple[int, ...] = ()
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "en"
    carriers: tuple[str, ...] = ()
    max_handling_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 2
    only_in_stock: bool = True
    warehouses: dict[str, str] = {}
    warehouse_country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "ES"
    order_statuses: dict[str, Acknowledgement] = {}
    payment_method: str = "moneybox"
    email: str = ""
    phone: str = ""

    def country(self, warehouse: str) -> str:
        return self.warehouses.get(warehouse, self.warehouse_country)

    def answer(self, status: str) -> Acknowledgement | None:
        names = {name.casefold(): answer for name, answer in self.order_statuses.items()}
        return names.get(status.casefold())


def _hourly_quotas(points: int, *names: str) -> dict[str, Quota]:
    return {
        f"catalog/{name}": Quota(name=f"catalog/{name}", points=points, window_s=HOUR_S)
        for name in names
    }


# Each list has a quota of its own; a window begins with its first call.
LIST_QUOTAS: Mapping[str, Quota] = {
    **_hourly_quotas(
        10,
        "products",
        "productprices",
        "productvariationprices",
        "productsstockbyhandlingdays",
        "productsvariationsstockbyhandlingdays",
        "productsimages",
        "productsvariations",
        "variations",
    ),
    **_hourly_quotas(24, "productsinformation", "taxonomies", "attributes", "attributegroups"),
    **_hourly_quotas(5, "manufacturers"),
}
# All calls of one group together: one a second.
GROUP_QUOTAS: Mapping[str, Quota] = {
    name: Quota(name=name, points=1, window_s=1)
    for name in ("order", "shipping", "tracking", "user")
}
QUOTAS = (*LIST_QUOTAS.values(), *GROUP_QUOTAS.values())
