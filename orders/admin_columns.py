"""Order columns: derive payment, fulfillment, address and routing of an order for staff."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders import links
from orders.address_changes import corrections
from orders.addresses import verification
from orders.models import Order
from orders.routing import decision_log, labels
from orders.routing.margin_filter import Contribution
from orders.routing.ranking import Rules
from storefront.lib.address import Address
from storefront.lib.money import Money
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.columns import as_money

# Derived statuses have no model choices with labels.
_PAYMENT = columns.status(
    "payment_status",
    _("Payment"),
    labels={
        "not_paid": _("Unpaid"),
        "authorized": _("Authorized"),
        "partially_paid": _("Partially paid"),
        "paid": _("Paid"),
        "partially_refunded": _("Partially refunded"),
        "refunded": _("Refunded"),
        "charged_back": _("Charged back"),
    },
)
_FULFILLMENT = columns.status(
    "fulfillment_status",
    _("Fulfillment"),
    labels={
        "unfulfilled": _("Unfulfilled"),
        "sourcing": _("Awaiting supplier"),
        "sourced": _("In fulfillment"),
        "partially_shipped": _("Partially shipped"),
        "shipped": _("Shipped"),
        "partially_delivered": _("Partially delivered"),
        "delivered": _("Delivered"),
        "partially_returned": _("Partially returned"),
        "returned": _("Returned"),
    },
)


@admin.display(description=_("Payment"))
def payment(order: Order) -> str | None:
    """Return the payment status; a replacement has none."""
    if not order.total_amount:
        return columns.as_status(gettext("No payment"))
    return cast("str | None", _PAYMENT(order))


@admin.display(description=_("Fulfillment"))
def fulfillment(order: Order) -> str | None:
    """Return the fulfillment status; a canceled order has none."""
    if order.status == Order.Status.CANCELED:
        return columns.as_status(gettext("Canceled"))
    return cast("str | None", _FULFILLMENT(order))


@admin.display(description=_("Ships to"))
def address(order: Order) -> str:
    lines = (str(order.ship_to.get(field.name) or "") for field in dataclasses.fields(Address))
    return "\n".join(filter(None, lines))


@admin.display(description=_("Address validation"))
def address_verification(order: Order) -> str:
    record = order.address_verification
    verdict = verification.describe(record)
    other = ", ".join(str(part) for part in record.get("other", {}).values() if part)
    warnings = [str(warning) for warning in corrections.unconfirmed_warnings(order).values()]
    if warnings and order.status not in corrections.ENDED_STATES:
        warnings.insert(0, gettext("Warnings:"))
    if record.get("staff") and not record.get("reason"):
        verdict = ""  # hide the customer's verdict: staff decided, see below
    lines = (
        verdict,
        record.get("reason", ""),
        other and f"({other})",
        *warnings,
        *(_staff_decision(decision) for decision in record.get("staff", [])),
    )
    return "\n".join(filter(None, lines))


def _staff_decision(entry: Mapping[str, Any]) -> str:
    """Return a decision of staff about the address: author, time, reason, previous address."""
    template = {
        "confirmed": gettext("Confirmed by %(by)s, %(at)s UTC: %(reason)s"),
        "corrected": gettext("Corrected by %(by)s, %(at)s UTC: %(reason)s"),
    }[entry["what"]]
    text = template % {**entry, "at": entry["at"][:16].replace("T", " ")}
    previous = ", ".join(str(part) for part in entry.get("was", {}).values() if part)
    return f"{text} ({previous})" if previous else text


@admin.display(description=_("Order status page"))
def customer_page(order: Order) -> str:
    return format_html(
        '<a href="{}" rel="noreferrer">{}</a>', links.order_url(order), gettext("Open")
    )


@admin.display(description=_("Customer"))
def _customer(order: Order) -> str:
    url = reverse("supply:customer", args=[f"order-{order.pk}"])
    return format_html('<a href="{}">{}</a>', url, gettext("Customer page"))


customer = columns.restricted(_customer, "accounts.view_customer")


@admin.display(description=_("Routing decision"))
def routing_without_costs(order: Order) -> str:
    """Return the candidate sources of each line, without costs and margins."""
    return _routing(order, has_costs=False)


@admin.display(description=_("Routing decision"))
def routing_decision(order: Order) -> str:
    """Return the routing rules and the candidate sources of each line."""
    return _routing(order, has_costs=True)


columns.restricted(routing_decision, VIEW_COSTS, otherwise=routing_without_costs)


def _routing(order: Order, *, has_costs: bool) -> str:
    record = order.routing_decision
    if not record:
        return gettext("No routing alternatives were recorded.")
    skus = {str(line.variant_id): line.sku for line in order.lines.all()}
    rules = decision_log.logged_rules(record)
    lines = []
    for variant, entries in record["lines"].items():
        sold = decision_log.logged_sale(record, int(variant), order.currency)
        is_divided = sum(bool(entry.get("units")) for entry in entries) > 1
        sources = [
            _part(entry, has_costs=has_costs)
            if is_divided and entry["units"]
            else _source(
                entry, decision_log.logged_contribution(entry, sold), rules, has_costs=has_costs
            )
            for entry in entries
        ]
        sku = skus.get(variant, variant)
        lines.append((sku, format_html_join("", "<li>{}</li>", ((source,) for source in sources))))
    return format_html(
        '<p>{}</p><dl class="staff-places">{}</dl>',
        labels.rules_name(rules) if has_costs else "",
        format_html_join("", "<dt>{}</dt><dd><ul>{}</ul></dd>", lines),
    )


def _source(
    entry: Mapping[str, Any], contribution: Contribution | None, rules: Rules, *, has_costs: bool
) -> str:
    location = _place(entry, has_costs=has_costs)
    text = labels.verdict(entry["verdict"])
    if has_costs:
        outlay = as_money(Money(Decimal(entry["outlay"]), entry["currency"]).rounded())
        location = f"{location}, {outlay}"
        text = labels.verdict(
            entry["verdict"], contribution=contribution, least=rules.min_margin_rate
        )
    if entry["verdict"] == decision_log.SELECTED:
        return format_html("<strong>{}: {}</strong>", location, text)
    return f"{location}: {text}"


def _place(entry: Mapping[str, Any], *, has_costs: bool) -> str:
    """Return the country of a source, with its supplier for those who may see costs."""
    country = str(entry["country"])
    return f"{entry['supplier_code']} ({country})" if has_costs else country


def _part(entry: Mapping[str, Any], *, has_costs: bool) -> str:
    values = {"place": _place(entry, has_costs=has_costs), "units": entry["units"]}
    text = (
        gettext(
            "%(place)s: %(units)s units, because no single location could ship all of"
            " them at a profit"
        )
        % values
    )
    return format_html("<strong>{}</strong>", text)
