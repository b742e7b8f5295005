"""Background job rules: find broken invariants, missed checks, stuck queues, blocked sign-ins."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from catalog.competitors.labels import DOUBTFUL
from storefront.dashboard.inbox.rule import NO_MONEY, Cause, plain

UNCHECKED = "unchecked"

QUEUES = (
    plain(
        "invariant_broken",
        _("Data integrity check failed"),
        "dashboard_brokeninvariant",
        f"b.id, b.code AS name, b.since, {NO_MONEY}, b.sentence || ' (' || b.count || ')' AS detail"
        " FROM dashboard_brokeninvariant b",
        "true",
    ),
    # If no check ever ran, it is missed since the first supplier was added.
    Cause(
        code="check_missed",
        sentence=_("No data integrity check for two hours"),
        page="dashboard_checkup",
        filters="o=-1",
        sql=f"""
            SELECT coalesce(last.id, 0) AS id, coalesce(last.at::text, '–') AS name,
                   coalesce(last.at, began.at) AS since, {NO_MONEY}, '' AS detail
            FROM (SELECT max(c.id) AS id, max(c.at) AS at FROM dashboard_checkup c) last
            CROSS JOIN (SELECT min(s.status_since) AS at FROM suppliers_supplier s) began
            WHERE coalesce(last.at, began.at) < %(now)s - interval '2 hours'
        """,  # noqa: S608 - made of constants
    ),
    # The rows have no time: those seen by a check half an hour ago are older than that. If no check
    # ever ran, they may be as old as the first supplier.
    Cause(
        code="supply_unpublished",
        sentence=_("Supply changes not published in the shop"),
        page="suppliers_unpublishedsupply",
        filters="o=1",
        sql=f"""
            SELECT min(u.id) AS id, count(*) || ' ×' AS name,
                   (SELECT min(c.at) FROM dashboard_checkup c
                    WHERE c.newest_supply >= min(u.id)) AS since,
                   {NO_MONEY}, '' AS detail
            FROM suppliers_unpublishedsupply u
            WHERE u.id <= (SELECT c.newest_supply FROM dashboard_checkup c
                           WHERE c.at < %(now)s - interval '30 minutes'
                           ORDER BY c.at DESC LIMIT 1)
            HAVING count(*) > 0
            UNION ALL
            SELECT min(u.id), count(*) || ' ×', min(began.at), {NO_MONEY}, '{UNCHECKED}'
            FROM suppliers_unpublishedsupply u
            CROSS JOIN (SELECT min(s.status_since) AS at FROM suppliers_supplier s) began
            WHERE NOT EXISTS (SELECT 1 FROM dashboard_checkup)
              AND began.at < %(now)s - interval '1 hour'
            HAVING count(*) > 0
        """,  # noqa: S608 - made of constants
        told=lambda detail: (
            str(_("Start time unknown: no data integrity check has run yet."))
            if detail == UNCHECKED
            else detail
        ),
    ),
    plain(
        "prices_waiting",
        _("Price recalculation is delayed"),
        "catalog_waitingprice",
        "min(w.id) AS id, count(*) || ' ×' AS name, min(w.asked_at) AS since,"
        f" {NO_MONEY}, '' AS detail FROM catalog_waitingprice w",
        "w.asked_at < %(now)s - interval '30 minutes' HAVING count(*) > 0",
        filters="o=1",
    ),
    plain(
        "competitors_odd",
        _("Competitor price import needs review"),
        "catalog_competitorfile",
        f"f.id, f.name, f.received_at AS since, {NO_MONEY}, f.problem AS detail"
        " FROM catalog_competitorfile f",
        "f.taken_at IS NULL AND f.problem <> '' AND f.content <> ''",
        told=lambda problem: (
            str(_("Many prices changed by more than the limit."))
            if problem == DOUBTFUL
            else problem
        ),
    ),
    plain(
        "request_unfinished",
        _("API request not completed"),
        "api_idempotencyrecord",
        f"k.id, k.route AS name, k.started_at AS since, {NO_MONEY}, k.key AS detail"
        " FROM api_idempotencyrecord k",
        "k.done_at IS NULL AND k.started_at < %(now)s - interval '15 minutes'",
    ),
    plain(
        "sign_ins_blocked",
        _("Many sign-ins blocked within an hour: possible password guessing"),
        "accounts_signintries",
        "min(t.id) AS id, count(*) || ' ×' AS name, min(t.last_at) AS since,"
        f" {NO_MONEY}, '' AS detail FROM accounts_signintries t",
        "t.blocked_until > %(now)s - interval '1 hour' HAVING count(*) >= 10",
        filters="o=-4",
        is_steady=False,
    ),
)
