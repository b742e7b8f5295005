"""Value at risk: build the SQL that sums the money of all rows, each order's money once."""

import json
from collections.abc import Mapping
from decimal import Decimal

from storefront.lib.money import Money

# By page: the SQL that finds the order of a row, and the purchase order if the row is about that
# part only. Rows of other pages are about other money: a claim, a price, a day.
_PURCHASE_ORDER_OF = """
    SELECT po.order_id, po.id AS purchase_order_id FROM {table} x
    JOIN orders_purchaseorder po ON po.id = x.purchase_order_id WHERE x.id = waiting.id"""
_OWNERS: Mapping[str, str] = {
    "orders_order": "SELECT waiting.id AS order_id, NULL::bigint AS purchase_order_id",
    "orders_payment": "SELECT x.order_id, NULL::bigint AS purchase_order_id"
    " FROM orders_payment x WHERE x.id = waiting.id",
    "orders_refundrequest": "SELECT x.order_id, NULL::bigint AS purchase_order_id"
    " FROM orders_refundrequest x WHERE x.id = waiting.id",
    "orders_purchaseorder": "SELECT x.order_id, x.id AS purchase_order_id"
    " FROM orders_purchaseorder x WHERE x.id = waiting.id",
    "orders_returnauthorization": _PURCHASE_ORDER_OF.format(table="orders_returnauthorization"),
    "orders_backorder": _PURCHASE_ORDER_OF.format(table="orders_backorder"),
    "orders_addresschangerequest": _PURCHASE_ORDER_OF.format(table="orders_addresschangerequest"),
    "shipping_problemreport": "SELECT po.order_id, po.id AS purchase_order_id"
    " FROM shipping_problemreport r JOIN shipping_parcel x ON x.id = r.parcel_id"
    " JOIN shipping_shipment s ON s.id = x.shipment_id"
    " JOIN orders_purchaseorder po ON po.id = s.purchase_order_id WHERE r.id = waiting.id",
    "shipping_parcel": "SELECT po.order_id, po.id AS purchase_order_id FROM shipping_parcel x"
    " JOIN shipping_shipment s ON s.id = x.shipment_id"
    " JOIN orders_purchaseorder po ON po.id = s.purchase_order_id WHERE x.id = waiting.id",
}
OWNED_PAGES = tuple(_OWNERS)
_NO_OWNER = "SELECT NULL::bigint AS order_id, NULL::bigint AS purchase_order_id"


def owner_sql(page: str) -> str:
    """Return the lateral subquery for ``order_id, purchase_order_id`` of a row ``waiting``."""
    # evaluated per row: rows are few, and tables are long
    return f"{_OWNERS.get(page, _NO_OWNER)} OFFSET 0"


# The money at risk of a stock level belongs to orders: what was paid for units whose sale the
# reported quantity does not include yet.
STOCK_LEVEL_PAGE = "suppliers_stocklevel"
PAID = "round((i.line_amount - i.discount_amount + i.additional_tax_amount) * a.quantity / i.quantity, 2)"
_STOCK_LEVEL_ORDERS = f"""
    SELECT sold.currency, sold.order_id, NULL::bigint AS purchase_order_id, f.page, f.id, f.code,
           sold.amount
    FROM found f CROSS JOIN LATERAL (
        SELECT d.currency, d.id AS order_id, {PAID} AS amount
        FROM orders_allocation a JOIN orders_orderline i ON i.id = a.line_id
        JOIN orders_order d ON d.id = i.order_id
        WHERE a.level_id = f.id AND a.status = 'unseen' OFFSET 0
    ) sold WHERE f.page = '{STOCK_LEVEL_PAGE}'"""  # noqa: S608 - made of constants

# Reads ``found (code, page, id, amount, currency, is_money, order_id, purchase_order_id)``. Amounts
# that are no money at risk are left out. Amounts of one
# rule for one row add up; amounts of several rules for one row are the same money. The amount of a
# part of an order or purchase order is included in the amount of the whole.
SUMS = f"""
    SELECT coalesce(jsonb_object_agg(currency, amount), '{{}}') AS sums FROM (
        SELECT currency, sum(amount)::text AS amount FROM (
            SELECT currency, greatest(
                max(amount) FILTER (WHERE purchase_order_id IS NULL),
                sum(amount) FILTER (WHERE purchase_order_id IS NOT NULL)) AS amount
            FROM (
                SELECT currency, order_id, purchase_order_id, greatest(
                    max(amount) FILTER (WHERE page IN ('orders_order', 'orders_payment',
                                                       'orders_purchaseorder')),
                    sum(amount) FILTER (WHERE page NOT IN ('orders_order', 'orders_payment',
                                                           'orders_purchaseorder'))) AS amount
                FROM (
                    SELECT currency, order_id, purchase_order_id, page, id, max(amount) AS amount
                    FROM (
                        SELECT currency, order_id, purchase_order_id, page, id, code,
                               sum(amount) AS amount
                        FROM (
                            SELECT currency, order_id, purchase_order_id, page, id, code, amount
                            FROM found WHERE is_money AND amount IS NOT NULL AND order_id IS NOT NULL
                            UNION ALL {_STOCK_LEVEL_ORDERS}
                        ) per_item GROUP BY 1, 2, 3, 4, 5, 6
                    ) per_rule GROUP BY 1, 2, 3, 4, 5
                ) rows GROUP BY 1, 2, 3
            ) parts GROUP BY currency, order_id
            UNION ALL
            SELECT currency, max(amount) FROM (
                SELECT currency, page, id, code, sum(amount) AS amount
                FROM found WHERE is_money AND amount IS NOT NULL AND order_id IS NULL
                  AND page <> '{STOCK_LEVEL_PAGE}'
                GROUP BY 1, 2, 3, 4
            ) per_rule GROUP BY currency, page, id
        ) owned GROUP BY currency
    ) summed
"""  # noqa: S608 - made of constants


def as_money(sums: str) -> list[Money]:
    """Parse sums by currency, as JSON, in the order of the currencies."""
    known = json.loads(sums)
    return [Money(Decimal(known[currency]), currency) for currency in sorted(known)]
