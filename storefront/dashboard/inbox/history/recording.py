"""History recording: note when inbox rows come and go, who settled them, which orders staff touched.

A run each minute compares the inbox with the open cases. It reads the newest acts of staff again each
time, so that a row committed late is not missed.
"""

from datetime import datetime, timedelta

from django.apps import apps
from django.db import connection, transaction

from storefront.dashboard.inbox import follow_up, query, value_at_risk
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.dashboard.models import InboxCase
from storefront.lib.db.advisory_locks import try_lock_until_commit
from storefront.lib.db.prepared_queries import planned_cursor

RETENTION = timedelta(days=730)
NEWEST_ACTS = 20_000  # rows of each log that a run reads


def _page_of(subject: str) -> str:
    return f"lower(replace({subject}, '.', '_'))"


def _causes_sql() -> str:
    """Return the page and the record type of each cause, as SQL values."""
    rows = (
        f"('{cause.code}', '{cause.page}', '{_label(cause.page)}', {bool(cause.filters)})"
        for cause in RULES
    )
    return f"(VALUES {', '.join(rows)}) k (code, page, subject, is_grouped)"


def _label(page: str) -> str:
    app, _separator, model = page.rpartition("_")
    return str(apps.get_model(app, model)._meta.label)  # noqa: SLF001 - Django's documented model API


def _acts_sql() -> str:
    """Return the newest acts of staff: page, row and time. Reading is no act."""
    return f"""
        SELECT {_page_of("c.subject")} AS page, c.subject_id AS id, c.at
        FROM (SELECT * FROM lib_statuschange ORDER BY id DESC LIMIT {NEWEST_ACTS}) c
        JOIN accounts_user u ON u.email = c.actor AND u.is_staff
        UNION ALL
        SELECT {_page_of("e.subject")}, e.subject_id::bigint, e.at
        FROM (SELECT * FROM lib_auditevent ORDER BY id DESC LIMIT {NEWEST_ACTS}) e
        WHERE e.subject_id ~ '^[0-9]{{1,18}}$' AND e.action <> 'downloaded'
        UNION ALL
        SELECT k.page, a.row, a.at FROM dashboard_inboxassignment a
        JOIN {_causes_sql()} ON k.code = a.cause
        UNION ALL
        SELECT 'orders_order', r.order_id, r.requested_at
        FROM (SELECT * FROM orders_refundrequest ORDER BY id DESC LIMIT {NEWEST_ACTS}) r
        UNION ALL
        SELECT 'orders_order', m.order_id, m.sent_at
        FROM (SELECT * FROM orders_ordermessage ORDER BY id DESC LIMIT {NEWEST_ACTS}) m
        WHERE m.author = 'staff'
    """  # noqa: S608 - made of constants


def _handled_sql() -> str:
    """Return the statement that notes the orders on which staff acted, with the last time."""
    parts = (
        f"SELECT o.order_id, waiting.at FROM acts waiting"  # noqa: S608 - made of constants
        f" JOIN LATERAL ({value_at_risk.owner_sql(page)}) o ON true WHERE waiting.page = '{page}'"
        for page in value_at_risk.OWNED_PAGES
    )
    return f"""
        WITH acts AS MATERIALIZED (SELECT DISTINCT page, id, at FROM ({_acts_sql()}) x)
        INSERT INTO dashboard_handledorder (order_id, at)
        SELECT p.order_id, max(p.at) FROM ({" UNION ALL ".join(parts)}) p
        JOIN orders_order o ON o.id = p.order_id GROUP BY 1
        ON CONFLICT (order_id) DO UPDATE SET at = excluded.at
        WHERE dashboard_handledorder.at < excluded.at
    """  # noqa: S608 - made of constants


def _cases_sql() -> str:
    """Return the statement that opens cases of new rows, and settles those of rows that left."""
    not_closed = "(z.until IS NULL OR z.until < %(closed)s)"
    return f"""
        WITH causes AS (SELECT * FROM {_causes_sql()}),
        found AS MATERIALIZED (
            SELECT f.code, CASE WHEN k.is_grouped THEN 0 ELSE f.id END AS row,
                   min(f.order_id) AS order_id
            FROM ({query.found_sql(RULES, not_closed)}) f JOIN causes k ON k.code = f.code
            GROUP BY 1, 2),
        opened AS (
            INSERT INTO dashboard_inboxcase (cause, row, order_id, opened_at, settled_by)
            SELECT code, row, order_id, %(now)s, '' FROM found
            ON CONFLICT (cause, row) WHERE settled_at IS NULL DO NOTHING)
        UPDATE dashboard_inboxcase c SET settled_at = %(now)s, settled_by = CASE
            WHEN EXISTS (SELECT FROM dashboard_inboxassignment a
                         WHERE a.cause = c.cause AND a.row = c.row AND a.at >= c.opened_at)
              OR EXISTS (SELECT FROM dashboard_inboxsnooze z
                         WHERE z.cause = c.cause AND z.row = c.row AND z.until >= %(closed)s)
              OR EXISTS (SELECT FROM dashboard_handledorder h
                         WHERE h.order_id = c.order_id AND h.at >= c.opened_at)
              OR EXISTS (SELECT FROM lib_statuschange s
                         JOIN accounts_user u ON u.email = s.actor AND u.is_staff
                         WHERE s.subject = k.subject AND s.subject_id = c.row
                           AND s.at >= c.opened_at)
              OR EXISTS (SELECT FROM lib_auditevent e
                         WHERE e.subject = k.subject AND e.subject_id = c.row::text
                           AND e.action <> 'downloaded' AND e.at >= c.opened_at)
            THEN 'staff'
            WHEN EXISTS (SELECT FROM dashboard_settlingrun r
                         WHERE r.case_id = c.id AND r.status = 'done') THEN 'rule'
            ELSE 'itself' END
        FROM causes k
        WHERE k.code = c.cause AND c.settled_at IS NULL
          AND NOT EXISTS (SELECT FROM found f WHERE f.code = c.cause AND f.row = c.row)
    """  # noqa: S608 - made of constants


@transaction.atomic(durable=True)
def record(*, now: datetime) -> None:
    """Compare the inbox with the open cases. Does nothing while another worker does it."""
    if not try_lock_until_commit("inbox history"):
        return
    with connection.cursor() as cursor:
        cursor.execute(_handled_sql())
    with planned_cursor(connection) as cursor:
        cursor.execute(_cases_sql(), {"now": now, "user": "", "closed": follow_up.CLOSED})
    InboxCase.objects.filter(settled_at__lt=now - RETENTION).delete()
    causes = [cause.code for cause in RULES]
    InboxCase.objects.exclude(cause__in=causes).delete()  # of a former release
