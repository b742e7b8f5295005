"""Sales channel rules: find stores that fail, listings that they refuse, orders that wait."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, simple_rule
from storefront.sales_channels.models import OrderProblem

_STORE = (
    "s.id, c.name AS name, {since} AS since, " + NO_AMOUNT + ", {detail} AS detail"
    " FROM sales_channels_connection s JOIN catalog_channel c ON c.id = s.channel_id"
)
_PROBLEM_OF_CHANNEL = (
    "min(r.id) AS id, c.code AS name, min(r.problem_at) AS since, " + NO_AMOUNT + ","
    " count(*) || ' ×: ' || min(r.problem) AS detail"
    " FROM {table} r JOIN sales_channels_connection s ON s.id = r.connection_id"
    " JOIN catalog_channel c ON c.id = s.channel_id"
)


def _format_waiting(counts: str) -> str:
    refunds, cancellations, parcels = counts.split(",")
    template = gettext(
        "Refunds: %(refunds)s, cancellations: %(cancellations)s, parcels: %(parcels)s"
    )
    return template % {"refunds": refunds, "cancellations": cancellations, "parcels": parcels}


SALES_CHANNELS = (
    simple_rule(
        "store_access_refused",
        _("Store paused: access refused"),
        "sales_channels_connection",
        _STORE.format(since="s.status_since", detail="s.status_reason"),
        "s.status = 'paused' AND s.is_unauthorized",
    ),
    simple_rule(
        "store_failing",
        _("Store does not accept our changes"),
        "sales_channels_connection",
        _STORE.format(since="s.problem_at", detail="s.problem"),
        "s.status = 'active' AND s.problem_at < %(now)s - interval '15 minutes'",
    ),
    simple_rule(
        "store_listings_refused",
        _("Listings refused by a store"),
        "sales_channels_remotelisting",
        _PROBLEM_OF_CHANNEL.format(table="sales_channels_remotelisting"),
        "s.status = 'active' AND r.problem <> '' GROUP BY c.code, s.id",
        filters="connection__channel__code={name}&problem__isempty=0",
        has_stable_since=False,
    ),
    simple_rule(
        "store_products_not_ready",
        _("Products that cannot be published in a store"),
        "sales_channels_remoteproduct",
        _PROBLEM_OF_CHANNEL.format(table="sales_channels_remoteproduct"),
        "s.status = 'active' AND r.problem <> '' GROUP BY c.code, s.id",
        filters="connection__channel__code={name}&problem__isempty=0",
        has_stable_since=False,
    ),
    # What resumes when it is connected again. The amount is owed to customers.
    InboxRule(
        code="store_not_connected",
        sentence=_("Store not connected: refunds, cancellations or parcels wait"),
        page="sales_channels_connection",
        sql="""
            SELECT s.id, c.name AS name, s.status_since AS since,
                   nullif(coalesce(refunds.amount, 0) + coalesce(orders.amount, 0), 0) AS amount,
                   c.currency,
                   concat_ws(',', refunds.number, orders.number, parcels.number) AS detail
            FROM sales_channels_connection s JOIN catalog_channel c ON c.id = s.channel_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS number, sum(e.amount) AS amount
                FROM sales_channels_remoteorderrecord r
                JOIN orders_payment p ON p.order_id = r.order_id
                JOIN orders_paymentevent e ON e.payment_id = p.id AND e.kind = 'refund_requested'
                WHERE r.connection_id = s.id AND e.is_pending
            ) AS refunds
            CROSS JOIN LATERAL (
                SELECT count(*) AS number,
                       sum(r.total_amount) FILTER (WHERE r.status = 'refusing') AS amount
                FROM sales_channels_remoteorderrecord r
                LEFT JOIN orders_order o ON o.id = r.order_id
                WHERE r.connection_id = s.id AND (r.status = 'refusing'
                  OR o.status = 'canceled' AND r.canceled_there_at IS NULL)
            ) AS orders
            CROSS JOIN LATERAL (
                SELECT count(*) AS number FROM sales_channels_remoteorderrecord r
                JOIN orders_purchaseorder u ON u.order_id = r.order_id
                JOIN shipping_shipment h ON h.purchase_order_id = u.id
                JOIN shipping_parcel p ON p.shipment_id = h.id
                LEFT JOIN sales_channels_remotefulfillment f ON f.parcel_id = p.id
                WHERE r.connection_id = s.id AND coalesce(f.external_id, '') = ''
                  AND p.status IN ('shipped', 'delivered', 'lost', 'returned')
            ) AS parcels
            WHERE s.status <> 'active' AND s.status_since < %(now)s - interval '30 minutes'
              AND refunds.number + orders.number + parcels.number > 0
        """,
        format_detail=_format_waiting,
    ),
    # A waiting order, or an imported one whose changes came too late.
    InboxRule(
        code="store_order_problem",
        sentence=_("Store order needs a decision"),
        page="sales_channels_remoteorderrecord",
        sql="""
            SELECT r.id, coalesce(nullif(r.name, ''), r.external_id) AS name,
                   r.problem_since AS since, r.total_amount AS amount, r.currency,
                   r.problem AS detail
            FROM sales_channels_remoteorderrecord r
            WHERE r.problem NOT IN ('', 'payment_pending') AND r.status <> 'refused'
              AND (r.status <> 'refusing' OR r.problem = 'store_refused')
        """,
        format_detail=lambda problem: str(OrderProblem(problem).label),
    ),
    InboxRule(
        code="store_order_unprocessed",
        sentence=_("Store order is not processed"),
        page="sales_channels_remoteorderrecord",
        sql="""
            SELECT r.id, coalesce(nullif(r.name, ''), r.external_id) AS name,
                   r.status_since AS since, r.total_amount AS amount, r.currency, '' AS detail
            FROM sales_channels_remoteorderrecord r
            WHERE (r.status IN ('received', 'refusing') AND r.problem <> 'store_refused'
              AND r.status_since < %(now)s - interval '30 minutes')
              OR (r.status IN ('imported', 'waiting') AND r.problem IN ('', 'payment_pending')
              AND r.attempts >= 5)
        """,
    ),
    InboxRule(
        code="store_parcel_unreported",
        sentence=_("Parcel not reported to the store"),
        page="sales_channels_remotefulfillment",
        sql=f"""
            SELECT f.id, p.carrier || ' ' || p.number AS name, p.status_since AS since,
                   {NO_AMOUNT}, f.problem AS detail
            FROM sales_channels_remotefulfillment f
            JOIN shipping_parcel p ON p.id = f.parcel_id
            JOIN sales_channels_remoteorderrecord r ON r.id = f.remote_order_id
            JOIN sales_channels_connection s ON s.id = r.connection_id
            WHERE s.status = 'active' AND (f.problem <> '' OR (f.external_id = ''
              AND p.status_since < %(now)s - interval '2 hours'))
        """,  # noqa: S608 - all parts are written in this file
    ),
)
