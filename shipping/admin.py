"""Admin entry point: import the staff pages of every package."""

from shipping.problem_reports import admin as problem_report_admin
from shipping.product_alerts import admin as product_alert_admin
from shipping.rates import admin as rate_admin
from shipping.rerouting import admin as rerouting_admin
from shipping.return_labels import admin as return_label_admin
from shipping.shipments.admin import records as shipment_admin
from shipping.silence import admin as silence_admin
from shipping.trackers import admin as tracker_admin

__all__ = [
    "problem_report_admin",
    "product_alert_admin",
    "rate_admin",
    "rerouting_admin",
    "return_label_admin",
    "shipment_admin",
    "silence_admin",
    "tracker_admin",
]
