"""Parcel rules: find parcels to customers that need staff."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_AMOUNT, rule_maker, simple_rule

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
    WHERE {condition}
"""
# A corrected tracking number starts the wait for updates again.
_CORRECTED_AT = """(SELECT max(c.corrected_at) FROM shipping_parcelcorrection c
    WHERE c.parcel_id = x.id AND c.kind <> 'contents')"""
_LAST_UPDATE = f"greatest(coalesce(x.carrier_status_at, x.status_since), {_CORRECTED_AT})"
_LABELED_AT = f"greatest(x.label_created_at, {_CORRECTED_AT})"
_CARRIER_STATUS = "replace(x.carrier_status, '_', ' ')"


_parcel = rule_maker("shipping_parcel", _PARCEL, since=_LAST_UPDATE, detail=_CARRIER_STATUS)
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
        "x.status IN ('label_created', 'shipped') AND x.carrier_status"
        " IN ('exception', 'return_to_sender', 'lost', 'expired')",
    ),
    _parcel(
        "parcel_not_scanned",
        _("Label created, but not scanned by the carrier"),
        "x.status = 'label_created' AND x.label_created_at < %(now)s - interval '4 days'"
        f" AND {_LABELED_AT} < %(now)s - interval '4 days'",
        since=_LABELED_AT,
        detail="x.carrier",
    ),
    _parcel(
        "parcel_not_collected",
        _("Ready for pickup for days: remind the customer before it is returned"),
        "x.status = 'shipped' AND x.carrier_status IN"
        f" ('attempt_failed', 'available_for_pickup') AND {_LAST_UPDATE} < %(now)s - interval '3 days'",
    ),
    _parcel(
        "parcel_without_updates",
        _("In transit without an update for ten days"),
        "x.status = 'shipped' AND x.carrier_status IN ('unknown', 'pre_transit', 'in_transit',"
        f" 'out_for_delivery') AND {_LAST_UPDATE} < %(now)s - interval '10 days'",
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
