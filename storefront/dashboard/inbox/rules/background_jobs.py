"""Background job rules: find broken invariants, missed checks, stuck queues, blocked sign-ins."""

from django.utils.translation import gettext_lazy as _

from catalog.competitors.labels import IMPLAUSIBLE
from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, simple_rule

UNCHECKED = "unchecked"

BACKGROUND_JOBS = (
    simple_rule(
        "invariant_violated",
        _("Data integrity check failed"),
        "dashboard_invariantviolation",
        f"b.id, b.code AS name, b.since, {NO_AMOUNT}, b.sentence || ' (' || b.count || ')' AS detail"
        " FROM dashboard_invariantviolation b",
        "true",
    ),
    simple_rule(
        "settling_rule_stopped",
        _("Rule for inbox items switched off after failures"),
        "dashboard_settlingrule",
        f"g.id, g.name, g.stopped_at AS since, {NO_AMOUNT}, coalesce(last.problem, '') AS detail"  # noqa: S608 - made of constants
        " FROM dashboard_settlingrule g LEFT JOIN LATERAL (SELECT r.problem"
        " FROM dashboard_settlingrun r WHERE r.rule_id = g.id AND r.status = 'failed'"
        " ORDER BY r.id DESC LIMIT 1) last ON true",
        "g.stopped_at IS NOT NULL",
    ),
    # If no check ever ran, checks are missing since the first supplier was added.
    InboxRule(
        code="invariant_check_missed",
        sentence=_("No data integrity check for two hours"),
        page="dashboard_invariantcheckrun",
        filters="o=-1",
        sql=f"""
            SELECT coalesce(last.id, 0) AS id, coalesce(last.at::text, '–') AS name,
                   coalesce(last.at, began.at) AS since, {NO_AMOUNT}, '' AS detail
            FROM (SELECT max(c.id) AS id, max(c.at) AS at FROM dashboard_invariantcheckrun c) last
            CROSS JOIN (SELECT min(s.status_since) AS at FROM suppliers_supplier s) began
            WHERE coalesce(last.at, began.at) < %(now)s - interval '2 hours'
        """,  # noqa: S608 - made of constants
    ),
    # The rows have no timestamps. Rows that a check saw half an hour ago are older than that; if no
    # check ever ran, they may be as old as the first supplier.
    InboxRule(
        code="supply_unpublished",
        sentence=_("Supply changes not published in the shop"),
        page="suppliers_pendingpublication",
        filters="o=1",
        sql=f"""
            SELECT min(u.id) AS id, count(*) || ' ×' AS name,
                   (SELECT min(c.at) FROM dashboard_invariantcheckrun c
                    WHERE c.newest_unpublished_supply >= min(u.id)) AS since,
                   {NO_AMOUNT}, '' AS detail
            FROM suppliers_pendingpublication u
            WHERE u.id <= (SELECT c.newest_unpublished_supply FROM dashboard_invariantcheckrun c
                           WHERE c.at < %(now)s - interval '30 minutes'
                           ORDER BY c.at DESC LIMIT 1)
            HAVING count(*) > 0
            UNION ALL
            SELECT min(u.id), count(*) || ' ×', min(began.at), {NO_AMOUNT}, '{UNCHECKED}'
            FROM suppliers_pendingpublication u
            CROSS JOIN (SELECT min(s.status_since) AS at FROM suppliers_supplier s) began
            WHERE NOT EXISTS (SELECT 1 FROM dashboard_invariantcheckrun)
              AND began.at < %(now)s - interval '1 hour'
            HAVING count(*) > 0
        """,  # noqa: S608 - made of constants
        format_detail=lambda detail: (
            str(_("Start time unknown: no data integrity check has run yet."))
            if detail == UNCHECKED
            else detail
        ),
    ),
    simple_rule(
        "repricing_delayed",
        _("Price recalculation is delayed"),
        "catalog_repricingrequest",
        "min(w.id) AS id, count(*) || ' ×' AS name, min(w.requested_at) AS since,"
        f" {NO_AMOUNT}, '' AS detail FROM catalog_repricingrequest w",
        "w.requested_at < %(now)s - interval '30 minutes' HAVING count(*) > 0",
        filters="o=1",
    ),
    simple_rule(
        "competitor_list_implausible",
        _("Competitor price import needs review"),
        "catalog_competitorpricelist",
        f"f.id, f.name, f.received_at AS since, {NO_AMOUNT}, f.problem AS detail"
        " FROM catalog_competitorpricelist f",
        "f.imported_at IS NULL AND f.problem <> '' AND f.content <> ''",
        format_detail=lambda problem: (
            str(_("Many prices changed by more than the limit."))
            if problem == IMPLAUSIBLE
            else problem
        ),
    ),
    simple_rule(
        "api_request_unfinished",
        _("API request not completed"),
        "api_idempotencyrecord",
        f"k.id, k.route AS name, k.started_at AS since, {NO_AMOUNT}, k.key AS detail"
        " FROM api_idempotencyrecord k",
        "k.done_at IS NULL AND k.started_at < %(now)s - interval '15 minutes'",
    ),
    simple_rule(
        "sign_ins_blocked",
        _("Many sign-ins blocked within an hour: possible password guessing"),
        "accounts_loginattempts",
        "min(t.id) AS id, count(*) || ' ×' AS name, min(t.last_at) AS since,"
        f" {NO_AMOUNT}, '' AS detail FROM accounts_loginattempts t",
        "t.blocked_until > %(now)s - interval '1 hour' HAVING count(*) >= 10",
        filters="o=-4",
        has_stable_since=False,
    ),
)
