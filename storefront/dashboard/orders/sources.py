"""Timeline sources: the SQL of each kind of entry, and the permission to see it.

``%(purchase_order)s`` limits the sources that are ``of_purchase_order`` to one; NULL: all of the
order.

Each query returns ``at``, ``actor``, ``page`` and ``row`` (the admin page of the entry), and
``data``, which ``entries`` turns into text. It may use the tables of ``PARTS``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

# The order's own records, each read once. On the page of a purchase order, ``o`` is empty.
PARTS = """
    o AS MATERIALIZED (SELECT id, number, cart_id, currency, placed_at, status, status_since,
            hold_reason, address_verification
        FROM orders_order WHERE id = %(order)s AND %(purchase_order)s::bigint IS NULL),
    po AS MATERIALIZED (SELECT id, number, status, status_since, hold_reasons,
            submission_status, submission_status_since, cancel_requested_at, cancel_reason
        FROM orders_purchaseorder WHERE order_id = %(order)s
            AND (%(purchase_order)s::bigint IS NULL OR id = %(purchase_order)s)),
    ret AS MATERIALIZED (SELECT id, number, status, status_since, opened_at
        FROM orders_returnauthorization WHERE order_id = %(order)s),
    parcel AS MATERIALIZED (SELECT p.id, p.carrier, p.number FROM shipping_parcel p
        JOIN shipping_shipment s ON s.id = p.shipment_id
        WHERE s.purchase_order_id IN (SELECT id FROM po))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Entries of one kind from one query. ``code`` names the function that writes their text."""

    code: str
    kind: str
    right: str
    sql: str
    of_purchase_order: bool = False


def _status_changes(  # noqa: PLR0913 - the parts of one query
    code: str,
    right: str,
    subject: str,
    rows: str,
    *,
    name: str = "r.number",
    kind: str = "",
    condition: str = "true",
    of_purchase_order: bool = False,
) -> Source:
    app, model = subject.lower().split(".")
    sql = f"""
        SELECT c.at, c.actor, '{app}_{model}' AS page, r.id AS row, jsonb_build_object(
            'subject', c.subject, 'field', c.status_field, 'from', c.from_status,
            'to', c.to_status, 'name', {name}, 'text', c.reason) AS data
        FROM {rows} JOIN lib_statuschange c ON c.subject = '{subject}' AND c.subject_id = r.id
        WHERE {condition}"""  # noqa: S608 - made of constants
    return Source(
        code="status",
        kind=kind or code,
        right=right,
        sql=sql,
        of_purchase_order=of_purchase_order,
    )


CANCELED = "c.to_status LIKE 'cancel%%'"
ORDER, PURCHASE_ORDER = "orders.view_order", "orders.view_purchaseorder"
RETURN, PARCEL = "orders.view_returnauthorization", "shipping.view_parcel"
_PAYMENT_EVENT = """
    SELECT e.occurred_at AS at, e.gateway AS actor, 'orders_payment' AS page, p.id AS row,
        jsonb_build_object('kind', e.kind, 'amount', e.amount, 'currency', p.currency,
            'text', e.reason) AS data
    FROM orders_payment p JOIN orders_paymentevent e ON e.payment_id = p.id
    WHERE p.order_id = %(order)s AND e.kind {} LIKE 'refund%%'"""
_ORDER_MESSAGE = """
    SELECT m.sent_at AS at, m.written_by AS actor, {page} AS page, {row} AS row,
        jsonb_build_object('author', m.author, 'text', m.text) AS data
    FROM orders_ordermessage m WHERE m.order_id = %(order)s{condition}"""
REFUND_REQUEST = "orders.view_refundrequest"
_REFUND_REQUEST = """'orders_refundrequest' AS page, r.id AS row, jsonb_build_object(
    'amount', r.amount, 'currency', r.currency, 'text', r.reason, 'items', (
        SELECT string_agg(u.value || ' × ' || l.sku, ', ' ORDER BY l.id)
        FROM jsonb_each_text(r.units) u JOIN orders_orderline l ON l.id = u.key::bigint)) AS data"""

SOURCES = (
    Source(
        code="placed",
        kind="status",
        right=ORDER,
        sql="""SELECT o.placed_at AS at, c.entered_by AS actor, '' AS page, o.id AS row,
            '{}'::jsonb AS data FROM o JOIN orders_cart c ON c.id = o.cart_id""",
    ),
    _status_changes("status", ORDER, "orders.Order", "o r", name="''", condition=f"NOT {CANCELED}"),
    _status_changes("cancellation", ORDER, "orders.Order", "o r", name="''", condition=CANCELED),
    _status_changes(
        "purchase",
        PURCHASE_ORDER,
        "orders.PurchaseOrder",
        "po r",
        condition=f"NOT {CANCELED}",
        of_purchase_order=True,
    ),
    _status_changes(
        "cancellation",
        PURCHASE_ORDER,
        "orders.PurchaseOrder",
        "po r",
        condition=CANCELED,
        of_purchase_order=True,
    ),
    Source(
        code="call",
        kind="purchase",
        right="orders.view_purchasemessage",
        of_purchase_order=True,
        sql="""SELECT m.at, '' AS actor, 'orders_purchaseorder' AS page, po.id AS row,
            jsonb_build_object('name', po.number, 'direction', m.direction, 'kind', m.kind,
                'body', m.body) AS data
            FROM po JOIN orders_purchasemessage m ON m.purchase_order_id = po.id""",
    ),
    _status_changes(
        "purchase",
        "orders.view_backorder",
        "orders.Backorder",
        "(SELECT b.id, po.number FROM orders_backorder b JOIN po ON po.id = b.purchase_order_id) r",
        of_purchase_order=True,
    ),
    _status_changes(
        "address",
        "orders.view_addresschangerequest",
        "orders.AddressChangeRequest",
        "(SELECT w.id, po.number FROM orders_addresschangerequest w"
        " JOIN po ON po.id = w.purchase_order_id) r",
        of_purchase_order=True,
    ),
    Source(
        code="address",
        kind="address",
        right=ORDER,
        sql="""SELECT (d ->> 'at')::timestamptz AS at, d ->> 'by' AS actor, '' AS page, o.id AS row,
            jsonb_build_object('decision', d ->> 'what', 'was', d -> 'was',
                'text', d ->> 'reason') AS data
            FROM o CROSS JOIN jsonb_array_elements(o.address_verification -> 'staff') d""",
    ),
    Source(
        code="mail",
        kind="mail",
        of_purchase_order=True,
        right="notifications.view_message",
        sql="""SELECT e.occurred_at AS at, '' AS actor, 'notifications_message' AS page,
            m.id AS row, jsonb_build_object('template', m.template, 'to', m.recipient,
                'status', m.status, 'delivery', m.delivery, 'sender', m.sender,
                'text', m.problem) AS data
            FROM notifications_event e JOIN notifications_message m ON m.event_id = e.id
            WHERE e.subject = ANY(
                SELECT 'order:' || number FROM o UNION ALL
                SELECT 'purchase_order:' || number FROM po)""",
    ),
    Source(
        code="message",
        kind="message",
        right="orders.view_ordermessage",
        sql=_ORDER_MESSAGE.format(page="'orders_ordermessage'", row="m.id", condition=""),
    ),
    Source(
        code="payment",
        kind="payment",
        right="orders.view_payment",
        sql=_PAYMENT_EVENT.format("NOT"),
    ),
    Source(
        code="payment", kind="refund", right="orders.view_payment", sql=_PAYMENT_EVENT.format("")
    ),
    Source(
        code="invoice",
        kind="payment",
        right="orders.view_customerinvoice",
        sql="""SELECT issued_at AS at, '' AS actor, 'orders_customerinvoice' AS page, id AS row,
            jsonb_build_object('kind', kind, 'name', number, 'amount', gross_amount,
                'currency', currency, 'is_ready', file <> '') AS data
            FROM orders_customerinvoice WHERE order_id = %(order)s""",
    ),
    Source(
        code="tracking",
        kind="tracking",
        of_purchase_order=True,
        right=PARCEL,
        sql="""SELECT coalesce(t.happened_at, t.received_at) AS at, '' AS actor,
            'shipping_parcel' AS page, parcel.id AS row, jsonb_build_object(
                'carrier', parcel.carrier, 'name', coalesce(nullif(t.number, ''), parcel.number),
                'status', t.carrier_status, 'text', t.description, 'place', t.place) AS data
            FROM parcel JOIN shipping_trackingevent t ON t.parcel_id = parcel.id""",
    ),
    Source(
        code="opened",
        kind="return",
        right=RETURN,
        sql="""SELECT opened_at AS at, '' AS actor, 'orders_returnauthorization' AS page, id AS row,
            jsonb_build_object('name', number) AS data FROM ret""",
    ),
    _status_changes("return", RETURN, "orders.ReturnAuthorization", "ret r"),
    Source(
        code="note",
        kind="note",
        right="orders.view_ordernote",
        sql="""SELECT written_at AS at, author AS actor, '' AS page, id AS row,
            jsonb_build_object('text', text) AS data
            FROM orders_ordernote WHERE order_id = %(order)s""",
    ),
    Source(
        code="refund_request",
        kind="refund",
        right=REFUND_REQUEST,
        sql=f"""SELECT requested_at AS at, requested_by AS actor, {_REFUND_REQUEST}
            FROM orders_refundrequest r WHERE order_id = %(order)s""",  # noqa: S608 - constants
    ),
    _status_changes(
        "refund",
        REFUND_REQUEST,
        "orders.RefundRequest",
        "(SELECT id FROM orders_refundrequest WHERE order_id = %(order)s) r",
        name="''",
    ),
)
WAITING = (
    Source(
        code="hold",
        kind="waiting",
        right=ORDER,
        sql="""SELECT status_since AS at, '' AS actor, '' AS page, id AS row,
            jsonb_build_object('text', hold_reason) AS data FROM o WHERE status = 'on_hold'""",
    ),
    Source(
        code="held_purchase",
        kind="waiting",
        of_purchase_order=True,
        right=PURCHASE_ORDER,
        sql="""SELECT status_since AS at, '' AS actor, 'orders_purchaseorder' AS page, id AS row,
            jsonb_build_object('name', number, 'reasons', hold_reasons) AS data
            FROM po WHERE status = 'on_hold'""",
    ),
    Source(
        code="cancellation",
        kind="waiting",
        of_purchase_order=True,
        right=PURCHASE_ORDER,
        sql="""SELECT cancel_requested_at AS at, '' AS actor, 'orders_purchaseorder' AS page,
            id AS row, jsonb_build_object('name', number, 'text', cancel_reason) AS data
            FROM po WHERE cancel_requested_at IS NOT NULL
            AND status NOT IN ('canceled', 'partially_shipped', 'shipped', 'closed')""",
    ),
    Source(
        code="address",
        kind="waiting",
        of_purchase_order=True,
        right="orders.view_addresschangerequest",
        sql="""SELECT w.status_since AS at, w.requested_by AS actor,
            'orders_addresschangerequest' AS page, w.id AS row,
            jsonb_build_object('name', po.number, 'address', w.ship_to, 'text', w.reason) AS data
            FROM orders_addresschangerequest w JOIN po ON po.id = w.purchase_order_id
            WHERE w.status = 'requested'""",
    ),
    Source(
        code="message",
        kind="waiting",
        right="orders.view_ordermessage",
        sql=_ORDER_MESSAGE.format(
            page="'orders_ordermessage'",
            row="m.id",
            condition=" AND m.author = 'customer' AND m.answered_at IS NULL",
        ),
    ),
    Source(
        code="backorder",
        kind="waiting",
        of_purchase_order=True,
        right="orders.view_backorder",
        sql="""SELECT b.status_since AS at, '' AS actor, 'orders_backorder' AS page, b.id AS row,
            jsonb_build_object('name', po.number, 'status', b.status,
                'text', coalesce(nullif(b.problem, ''), b.reason)) AS data
            FROM orders_backorder b JOIN po ON po.id = b.purchase_order_id
            WHERE b.status IN ('open', 'asked')""",
    ),
    Source(
        code="return",
        kind="waiting",
        right=RETURN,
        sql="""SELECT status_since AS at, '' AS actor, 'orders_returnauthorization' AS page,
            id AS row, jsonb_build_object('name', number, 'status', status) AS data
            FROM ret WHERE status IN ('requested', 'needs_evidence', 'received', 'inspected')""",
    ),
    Source(
        code="refund_request",
        kind="waiting",
        right=REFUND_REQUEST,
        sql=f"""SELECT requested_at AS at, requested_by AS actor, {_REFUND_REQUEST}
            FROM orders_refundrequest r
            WHERE order_id = %(order)s AND status = 'waiting'""",  # noqa: S608 - made of constants
    ),
)


def statement(sources: Iterable[Source]) -> str:
    """Return the query of these sources: what waits, and the ``%(limit)s`` newest of the rest."""
    waiting: list[str] = []
    past: list[str] = []
    for place, source in enumerate(sources):
        rows = f"SELECT {place} AS place, x.* FROM ({source.sql}) x"  # noqa: S608 - constants
        (waiting if source.kind == "waiting" else past).append(rows)
    parts = []
    if waiting:
        parts.append(f"SELECT * FROM ({' UNION ALL '.join(waiting)}) w")  # noqa: S608
    if past:
        newest = "ORDER BY at DESC, place LIMIT %(limit)s"
        parts.append(f"SELECT * FROM ({' UNION ALL '.join(past)} {newest}) p")  # noqa: S608
    return f"WITH {PARTS} {' UNION ALL '.join(parts)} ORDER BY at DESC, place"
