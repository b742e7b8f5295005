"""BigBuy options: define the settings of a connection and the quotas of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from suppliers.connectors.context import Quota
from suppliers.connectors.records import Answer

HOUR_S = 3600
CURRENCY = "EUR"


class Options(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What staff may set.

    Shape:  ``taxonomies`` are the roots of what we list. ``carriers`` are those we let him use,
            none for all. Stock that takes longer than ``max_handling_days`` to be ready counts as
            none; the days of what counts are the offer's lead time. ``warehouses`` says in which
            country each lies, all others in ``warehouse_country``. ``order_statuses`` says what his
            names of statuses mean; a name that is not there is never taken for shipped.
            ``email`` and ``phone`` are ours, for his carriers
    """

    taxonomies: tuple[int, ...] = ()
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "en"
    carriers: tuple[str, ...] = ()
    max_handling_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 2
    only_in_stock: bool = True
    warehouses: dict[str, str] = {}
    warehouse_country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "ES"
    order_statuses: dict[str, Answer] = {}
    payment_method: str = "moneybox"
    email: str = ""
    phone: str = ""

    def country(self, warehouse: str) -> str:
        return self.warehouses.get(warehouse, self.warehouse_country)

    def answer(self, status: str) -> Answer | None:
        names = {name.casefold(): answer for name, answer in self.order_statuses.items()}
        return names.get(status.casefold())


def _hourly(points: int, *names: str) -> dict[str, Quota]:
    return {
        f"catalog/{name}": Quota(name=f"catalog/{name}", points=points, window_s=HOUR_S)
        for name in names
    }


# Each list has a quota of its own; a window begins with its first call.
LIST_QUOTAS: Mapping[str, Quota] = {
    **_hourly(
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
    **_hourly(24, "productsinformation", "taxonomies", "attributes", "attributegroups"),
    **_hourly(5, "manufacturers"),
}
# All calls of one of these groups together make one call a second.
GROUP_QUOTAS: Mapping[str, Quota] = {
    name: Quota(name=name, points=1, window_s=1)
    for name in ("order", "shipping", "tracking", "user")
}
QUOTAS = (*LIST_QUOTAS.values(), *GROUP_QUOTAS.values())
