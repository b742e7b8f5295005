"""Setup steps: list what is left to do before orders can be sent to a supplier."""

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
from suppliers.connectors import CONNECTORS
from suppliers.models import Connection, ShippingService, Supplier, SyncRun


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """One step; ``address`` is the admin page for it."""

    title: str | Promise
    hint: str | Promise
    is_done: bool
    address: str


def list_steps(supplier: Supplier, *, now: datetime) -> Iterator[SetupStep]:
    connection: Connection | None = getattr(supplier, "connection", None)
    yield SetupStep(
        title=_("Connection"),
        hint=_("Enter the address, keys and options."),
        is_done=connection is not None and _is_complete(supplier, connection),
        address=reverse("admin:suppliers_connection_change", args=[connection.pk])
        if connection
        else _admin_url("connection_add", supplier=supplier.pk),
    )
    if supplier.adapter == file_sources.FEED:
        yield SetupStep(
            title=_("Mapping"),
            hint=_("Map the columns of the file to product fields."),
            is_done=supplier.mappings.filter(is_active=True).exists(),
            address=_action_url(supplier, "mapping"),
        )
    report = connection.health_report if connection else {}
    yield SetupStep(
        title=_("Connection check"),
        hint=_("Check the connection. Nothing is ordered or imported."),
        is_done=bool(report) and all(step["outcome"] != "bad" for step in report["steps"]),
        address=_action_url(supplier, "check_connection"),
    )
    applied = supplier.runs.filter(status=SyncRun.Status.APPLIED)
    yield SetupStep(
        title=_("Initial import"),
        hint=_("Import products, prices and stock. Nothing is sold before activation."),
        is_done=set(applied.values_list("kind", flat=True)) == set(SyncRun.Kind.values),
        address=_action_url(supplier, "sync_now"),
    )
    served = ShippingService.objects.filter(location__supplier=supplier, is_active=True)
    unserved_locations = supplier.locations.exclude(pk__in=served.values("location"))
    unserved = unserved_locations.order_by("pk").first()
    yield SetupStep(
        title=_("Shipping services"),
        hint=_(
            "Each warehouse needs a shipping service with a price. The initial import adds"
            " the warehouses."
        ),
        is_done=unserved is None and served.exists(),
        address=_admin_url("shippingservice_add", location=unserved.pk)
        if unserved
        else reverse("admin:suppliers_shippingservice_changelist"),
    )
    yield from _vetting_steps(supplier, now)


def _vetting_steps(supplier: Supplier, now: datetime) -> Iterator[SetupStep]:
    missing = vetting.missing_requirements(supplier=supplier, now=now)
    names = ", ".join(str(criterion.label) for criterion in missing)
    if missing:
        yield SetupStep(
            title=_("Compliance documents"),
            hint=gettext("Add and verify: %(names)s.") % {"names": names},
            is_done=False,
            address=_admin_url("compliancedocument_add", supplier=supplier.pk),
        )
    yield SetupStep(
        title=_("Activation"),
        hint=_("Orders are sent to the supplier once it is active."),
        is_done=supplier.status == Supplier.Status.ACTIVE,
        address=_action_url(supplier, "activate"),
    )


def _is_complete(supplier: Supplier, connection: Connection) -> bool:
    if supplier.adapter not in CONNECTORS or not (connection.base_url or connection.options):
        return False
    stored_names = setup.stored_secret_names(connection)
    secrets = setup.declared_secrets(supplier.adapter)
    return all(secret.name in stored_names for secret in secrets if secret.is_required)


def _action_url(supplier: Supplier, name: str) -> str:
    return reverse(f"admin:suppliers_supplier_{name}", args=[supplier.pk])


def _admin_url(name: str, **query: int) -> str:
    return f"{reverse(f'admin:suppliers_{name}')}?{urlencode(query)}"


def render_steps(supplier: Supplier, *, now: datetime) -> str:
    """Render the steps with their state; the first open one is next."""
    steps = list(list_steps(supplier, now=now))
    next_step = next((step for step in steps if not step.is_done), None)
    lines = (
        (
            columns.as_status(
                gettext("Done")
                if step.is_done
                else gettext("Next")
                if step is next_step
                else gettext("To do"),
                waiting=step is next_step,
                final=step.is_done,
            ),
            step.address,
            step.title,
            step.hint,
        )
        for step in steps
    )
    return format_html(
        '<ol class="staff-moves">{}</ol>',
        format_html_join("", '<li>{} <a href="{}"><b>{}</b></a> {}</li>', lines),
    )
