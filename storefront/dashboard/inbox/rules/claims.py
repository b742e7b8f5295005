"""Claim rules: find claims against suppliers that need staff."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import rule_maker

_CLAIM = """
    SELECT c.id, c.number AS name, c.status_since AS since, c.expected_amount AS amount,
           c.currency, {detail} AS detail
    FROM orders_supplierclaim c
    JOIN orders_purchaseorder po ON po.id = c.purchase_order_id
    JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""


_claim = rule_maker("orders_supplierclaim", _CLAIM, detail="c.problem")
CLAIMS = (
    _claim(
        "claim_to_submit",
        _("Submit a claim to the supplier manually"),
        "c.status = 'draft' AND c.is_manual",
        detail="s.name",
    ),
    _claim(
        "claim_submission_unconfirmed",
        _("Claim submission unconfirmed"),
        "c.status = 'submit_unknown' AND c.status_since < %(now)s - interval '5 minutes'",
    ),
    _claim(
        "claim_not_submitted",
        _("Claim could not be submitted"),
        "NOT c.is_manual AND (c.status = 'draft'"
        " AND c.status_since < %(now)s - interval '15 minutes' OR c.status = 'submit_failed'"
        " AND (c.failures >= 5 OR c.attempts >= 20"
        " OR c.status_since < %(now)s - interval '1 hour'))",
        detail="coalesce(nullif(c.problem, ''), s.name)",
    ),
    _claim("claim_rejected", _("Supplier needs changes to the claim"), "c.status = 'on_hold'"),
    _claim(
        "claim_answer_unclear",
        _("Supplier's answer to a claim needs review"),
        "c.status = 'requested' AND c.problem <> ''",
    ),
    _claim(
        "claim_undecided",
        _("No supplier decision on a claim for two weeks"),
        "c.status = 'requested' AND c.problem = ''"
        " AND c.status_since < %(now)s - interval '14 days'",
        detail="s.name",
    ),
)
