"""Parcel rules: find parcels to customers, and problem reports, that need staff.

Staff see a silent parcel after its customer was told, when the rules of ``shipping.silence`` say so.
"""

import json
from datetime import datetime
from functools import partial

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shipping.models import ProblemReport, SilenceChoice, SilenceKind
from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, rule_maker, simple_rule
from storefront.lib.staff.columns import choice_label

# What the customer paid for the content of the parcel; for the whole purchase order if the content
# is unknown.
_PARCEL = """
    SELECT x.id, x.number AS name, {since} AS since,
           coalesce((SELECT sum(round((l.line_amount - l.discount_amount + l.additional_tax_amount)
                                      * pl.quantity / l.quantity, 2))
                     FROM shipping_parcelline pl JOIN orders_orderline l ON l.id = pl.order_line_id
                     WHERE pl.parcel_id = x.id), po.customer_charge_amount) AS amount,
           po.currency, {detail} AS detail
    FROM shipping_parcel x
    JOIN shipping_shipment s ON s.id = x.shipment_id
    JOIN orders_purchaseorder po ON po.id = s.purchase_order_id
    {joins}
    WHERE {condition}
"""
_CARRIER_STATUS = "replace(x.carrier_status, '_', ' ')"


_parcel = rule_maker(
    "shipping_parcel",
    _PARCEL,
    joins="",
    since="coalesce(x.carrier_status_at, x.status_since)",
    detail=_CARRIER_STATUS,
)
PARCELS = (
    _parcel(
        "tracking_number_rejected",
        _("Tracking provider rejected the number"),
        "x.status IN ('label_created', 'shipped') AND EXISTS (SELECT 1"
        " FROM shipping_trackingregistration r WHERE r.parcel_id = x.id AND r.number = x.number"
        " AND r.due_at IS NULL AND r.registered_at IS NULL)",
        since="x.label_created_at",
        detail="(SELECT r.problem FROM shipping_trackingregistration r WHERE r.parcel_id = x.id)",
    ),
    simple_rule(
        "tracking_provider_failing",
        _("Tracking provider cannot be used"),
        "shipping_trackingprovider",
        f"p.id, p.code AS name, p.problem_since AS since, {NO_AMOUNT}, p.problem AS detail"
        " FROM shipping_trackingprovider p",
        "p.problem_since < %(now)s - interval '30 minutes'",
    ),
    _parcel(
        "parcel_exception",
        _("Carrier reports a delivery exception"),
        "x.status IN ('label_created', 'shipped') AND x.carrier_status IN ('exception', 'lost')",
    ),
    _parcel(
        "parcel_check_digit",
        _("Tracking number has a wrong check digit"),
        "x.status IN ('label_created', 'shipped') AND x.carrier_finding = 'check_digit'",
        since="x.label_created_at",
        detail="x.carrier",
    ),
    _parcel(
        "parcel_other_carrier",
        _("Tracking number belongs to another carrier"),
        "x.status IN ('label_created', 'shipped') AND x.carrier_finding = 'other_carrier'",
        since="x.label_created_at",
        detail="x.carrier",
    ),
    _parcel(
        "parcel_unresolved",
        _("Lost or returned parcel: refund or replace its items"),
        "x.status IN ('lost', 'returned') AND x.resolution = 'open'",
        since="x.status_since",
        detail="replace(x.status, '_', ' ')",
    ),
    _parcel(
        "parcel_found",
        _("Delivered after it was refunded or replaced: agree with the customer"),
        "x.status = 'delivered' AND x.resolution IN ('refunded', 'replaced')",
        since="x.status_since",
        detail="x.resolution",
    ),
)

_SILENCE = """json_build_object(
    'days', extract(day FROM %(now)s - k.since)::int, 'messages', k.messages, 'told_at', k.told_at,
    'offered', to_json(k.offered), 'answer', k.answer, 'next', k.tell_at)::text"""


def describe_silence(detail: str) -> str:
    """Return how long a parcel is silent, what its customer was told and answered."""
    known = json.loads(detail)
    days, messages = known["days"], known["messages"]
    parts = [
        ngettext("Silent for %(days)s day.", "Silent for %(days)s days.", days) % {"days": days},
        ngettext(
            "The customer got %(count)s message, the last on %(day)s.",
            "The customer got %(count)s messages, the last on %(day)s.",
            messages,
        )
        % {"count": messages, "day": _day(known["told_at"])},
    ]
    if known["offered"]:
        names = ", ".join(str(SilenceChoice(each).label) for each in known["offered"])
        parts.append(gettext("Offered: %(choices)s.") % {"choices": names})
    if known["answer"]:
        answer = SilenceChoice(known["answer"]).label
        parts.append(gettext("Answer: %(answer)s.") % {"answer": answer})
    if known["next"]:
        parts.append(gettext("Next message on %(day)s.") % {"day": _day(known["next"])})
    return " ".join(parts)


def _day(moment: str) -> str:
    return date_format(datetime.fromisoformat(moment), "SHORT_DATE_FORMAT")


def _silence_rule(code: str, kind: SilenceKind, sentence: str | Promise) -> InboxRule:
    return _parcel(
        code,
        sentence,
        f"k.kind = '{kind.value}' AND k.ended_at IS NULL AND k.told_at IS NOT NULL"
        " AND k.staff_at <= %(now)s AND x.status IN ('label_created', 'shipped')",
        joins="JOIN shipping_silencecase k ON k.parcel_id = x.id",
        since="k.staff_at",
        detail=_SILENCE,
        format_detail=describe_silence,
    )


SILENT_PARCELS = (
    _silence_rule(
        "parcel_not_scanned",
        SilenceKind.NO_SCAN,
        _("Label created, but not scanned by the carrier"),
    ),
    _silence_rule(
        "parcel_without_updates", SilenceKind.NO_EVENT, _("In transit without an update")
    ),
    _silence_rule("parcel_late", SilenceKind.LATE, _("Parcel did not arrive by the promised day")),
    _silence_rule("parcel_in_customs", SilenceKind.CUSTOMS, _("Held in customs")),
    _silence_rule(
        "parcel_not_collected", SilenceKind.PICKUP, _("Ready for pickup for days, not collected")
    ),
    _silence_rule("parcel_going_back", SilenceKind.RETURNING, _("Carrier sends the parcel back")),
    _silence_rule("parcel_tracking_ended", SilenceKind.EXPIRED, _("Carrier ended the tracking")),
)
# What the customer paid for the reported units; for the whole purchase order if they are unknown.
_REPORT = """
    SELECT r.id, po.number AS name, r.status_since AS since,
           coalesce((SELECT sum(round((l.line_amount - l.discount_amount + l.additional_tax_amount)
                                      * pl.quantity / l.quantity, 2))
                     FROM shipping_problemreportline pl
                     JOIN orders_orderline l ON l.id = pl.order_line_id
                     WHERE pl.report_id = r.id), po.customer_charge_amount) AS amount, po.currency, r.kind AS detail
    FROM shipping_problemreport r
    JOIN shipping_parcel x ON x.id = r.parcel_id
    JOIN shipping_shipment s ON s.id = x.shipment_id
    JOIN orders_purchaseorder po ON po.id = s.purchase_order_id
    WHERE {condition}
"""


_report = rule_maker("shipping_problemreport", _REPORT)
PROBLEM_REPORTS = (
    _report(
        "problem_report_open",
        _("Problem with a parcel reported: refund, replace or reject"),
        "r.status = 'open'",
        format_detail=partial(choice_label, ProblemReport, "kind"),
    ),
    # A day after ``shipping.problem_reports.endings.find_unanswered`` should have closed it.
    _report(
        "problem_report_overdue",
        _("Problem report without a reply not closed automatically"),
        "r.status = 'needs_information' AND r.status_since < %(now)s - interval '31 days'",
        format_detail=partial(choice_label, ProblemReport, "kind"),
    ),
)
