"""Setup steps: list what is left to do before orders can be sent to a supplier."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from suppliers.compliance import vetting
from suppliers.connections import file_sources, setup
from suppliers.connectors import ADAPTERS
from suppliers.models import Connection, FeedRun, Service, Supplier


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; ``address`` is the admin page for it."""

    title: str | Promise
    hint: str | Promise
    is_done: bool
    address: str


def steps(supplier: Supplier, *, now: datetime) -> Iterator[Step]:
    """Yield the steps that this supplier's connector needs."""
    wire: Connection | None = getattr(supplier, "connection", None)
    yield Step(
        title=_("Connection"),
        hint=_("Enter the address, keys and options."),
        is_done=wire is not None and _is_filled_in(supplier, wire),
        address=reverse("admin:suppliers_connection_change", args=[wire.pk])
        if wire
        else _page("connection_add", supplier=supplier.pk),
    )
    if supplier.adapter == file_sources.FEED:
        yield Step(
            title=_("Mapping"),
            hint=_("Map the columns of the file to product fields."),
            is_done=supplier.mappings.filter(is_active=True).exists(),
            address=_action(supplier, "mapping"),
        )
    report = wire.check_report if wire else {}
    yield Step(
        title=_("Connection check"),
        hint=_("Check the connection. Nothing is ordered or imported."),
        is_done=bool(report) and all(step["outcome"] != "bad" for step in report["steps"]),
        address=_action(supplier, "check_wire"),
    )
    applied = supplier.runs.filter(status=FeedRun.Status.APPLIED)
    yield Step(
        title=_("Initial import"),
        hint=_("Import products, prices and stock. Nothing is sold before activation."),
        is_done=set(applied.values_list("kind", flat=True)) == set(FeedRun.Kind.values),
        address=_action(supplier, "sync_now"),
    )
    served = Service.objects.filter(location__supplier=supplier, is_active=True)
    places = supplier.locations.exclude(pk__in=served.values("location"))
    unserved = places.order_by("pk").first()
    yield Step(
        title=_("Shipping services"),
        hint=_(
            "Each warehouse needs a shipping service with a price. The initial import adds"
            " the warehouses."
        ),
        is_done=unserved is None and served.exists(),
        address=_page("service_add", location=unserved.pk)
        if unserved
        else reverse("admin:suppliers_service_changelist"),
    )
    yield from _vetting(supplier, now)


def _vetting(supplier: Supplier, now: datetime) -> Iterator[Step]:
    missing = vetting.missing(supplier=supplier, now=now)
    names = ", ".join(str(criterion.label) for criterion in missing)
    if missing:
        yield Step(
            title=_("Compliance documents"),
            hint=gettext("Add and verify: %(names)s.") % {"names": names},
            is_done=False,
            address=_page("evidence_add", supplier=supplier.pk),
        )
    yield Step(
        title=_("Activation"),
        hint=_("Orders are sent to the supplier once it is active."),
        is_done=supplier.status == Supplier.Status.ACTIVE,
        address=_action(supplier, "activate"),
    )


def _is_filled_in(supplier: Supplier, wire: Connection) -> bool:
    if supplier.adapter not in ADAPTERS or not (wire.base_url or wire.options):
        return False
    kept = setup.kept_secrets(wire)
    secrets = setup.secrets_of(supplier.adapter)
    return all(secret.name in kept for secret in secrets if secret.is_required)


def _action(supplier: Supplier, name: str) -> str:
    return reverse(f"admin:suppliers_supplier_{name}", args=[supplier.pk])


def _page(name: str, **query: int) -> str:
    return f"{reverse(f'admin:suppliers_{name}')}?{urlencode(query)}"


def as_list(supplier: Supplier, *, now: datetime) -> str:
    """Render the steps with their state; the first open one is next."""
    found = list(steps(supplier, now=now))
    todo = next((step for step in found if not step.is_done), None)
    lines = (
        (
            columns.as_state(
                gettext("Done")
                if step.is_done
                else gettext("Next")
                if step is todo
                else gettext("To do"),
                waits=step is todo,
                ended=step.is_done,
            ),
            step.address,
            step.title,
            step.hint,
        )
        for step in found
    )
    return format_html(
        '<ol class="staff-moves">{}</ol>',
        format_html_join("", '<li>{} <a href="{}"><b>{}</b></a> {}</li>', lines),
    )
