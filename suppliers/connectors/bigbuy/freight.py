"""BigBuy freight: quote a parcel with each allowed carrier."""

import logging
from typing import Any

from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from suppliers.connectors.bigbuy import schemas
from suppliers.connectors.bigbuy.client import ApiClient
from suppliers.connectors.bigbuy.options import CURRENCY, Options
from suppliers.connectors.bigbuy.schemas import Carrier, Quote, Quotes
from suppliers.connectors.records import FreightOption, PurchaseOrderRequestLine

log = logging.getLogger(__name__)


def cheapest_quotes(
    api: ApiClient,
    settings: Options,
    *,
    ship_to: Address,
    lines: tuple[PurchaseOrderRequestLine, ...],
) -> tuple[FreightOption, ...]:
    """Return the cheapest quote of each allowed carrier.

    An order names only a carrier; BigBuy then uses the carrier's cheapest service.

    Raises: PermanentError  there are quotes, but none of an allowed carrier is readable
    """
    body = {
        "order": {
            "delivery": {"isoCountry": ship_to.country, "postcode": ship_to.postcode},
            "products": [{"reference": line.sku, "quantity": line.quantity} for line in lines],
        }
    }
    one_or_many: Any = Quotes | list[Quotes]
    quoted = api.query("shipping/orders", one_or_many, body)
    answers = quoted if isinstance(quoted, list) else [quoted]
    quotes = [quote for answer in answers for quote in answer.shipping_options or ()]
    if not quotes:
        return ()
    carriers = _carriers(api)
    allowed = {carrier.casefold() for carrier in settings.carriers}
    cheapest: dict[str, FreightOption] = {}
    has_unreadable = False
    for quote in sorted(quotes, key=lambda quote: quote.cost):
        name = carriers.get(str(quote.shipping_service.id), "")
        option = _to_option(name, quote)
        if name and allowed and name not in allowed:
            continue
        if option is None:
            has_unreadable = True
        else:
            cheapest.setdefault(name, option)
    if has_unreadable and not cheapest:
        raise PermanentError("no carrier in the answer can be read", code="garbage")
    return tuple(cheapest.values())


def _carriers(api: ApiClient) -> dict[str, str]:
    """Return carrier names, as an order names them, by service id."""
    return {
        str(service.id): carrier.name.strip().casefold()
        for carrier in api.get("shipping/carriers", list[Carrier])
        for service in carrier.shipping_services or ()
    }


def _to_option(name: str, quote: Quote) -> FreightOption | None:
    days = schemas.days(quote.shipping_service.delay)
    if not name or quote.cost < 0 or days is None:
        log.warning("a carrier without name, price or time is skipped: %s", quote)
        return None
    return FreightOption(
        name=name, price=Money(quote.cost, CURRENCY), min_days=days[0], max_days=days[1]
    )
