"""Read what CJ charged us for: orders that were paid, whoever made them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.charging import Charge
from suppliers.connectors.cj import order_status
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.order_shapes import OrderDetail, OrderPage
from suppliers.connectors.cj.product_details import CURRENCY

# Without a status CJ lists canceled orders only. What he canceled he paid back.
PAID = ("UNSHIPPED", "SHIPPED", "DELIVERED")
A_PAGE, MOST_PAGES = 200, 50


def charges(wire: Wire, *, since: datetime) -> Iterator[Charge]:
    """Read the lists until a page has only orders that were made before.

    Raises: TemporaryError  there are more than are read, or he does not say what one cost
    """
    for status in PAID:
        for row in _rows(wire, status, since):
            if parsing.text(row.payment_date):
                yield _charge(row)


def _rows(wire: Wire, status: str, since: datetime) -> Iterator[OrderDetail]:
    for page in range(1, MOST_PAGES + 1):
        words = {"pageNum": page, "pageSize": A_PAGE, "status": status}
        rows = wire.get("shopping/order/list", OrderPage, **words).rows or []
        made = [(row, parsing.moment(row.create_date)) for row in rows]
        young = [row for row, at in made if at is None or at >= since]
        yield from young
        if len(rows) < A_PAGE or not young:
            return
    raise TemporaryError(f"more than {A_PAGE * MOST_PAGES} orders are {status}", code="too_much")


def _charge(row: OrderDetail) -> Charge:
    goods = parsing.amount(row.product_amount)
    if goods is None:
        raise TemporaryError(f"{row.order_num}: no word of what it cost", code="garbage")
    return Charge(
        number=row.order_num or "",
        supplier_reference=parsing.text(row.order_id or row.cj_order_id),
        goods=Money(goods, row.currency or CURRENCY),
        freight=order_status.freight(row),
        at=parsing.moment(row.payment_date),
    )
