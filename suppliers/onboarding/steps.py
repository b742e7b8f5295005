"""Setup steps: the five steps from a new supplier to an active one, what is done, what is next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from suppliers.compliance import vetting
from suppliers.connections import file_sources, setup
from suppliers.connectors import CONNECTORS
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.models import Connection, FeedUpload, ShippingService, Supplier, SyncRun
from suppliers.onboarding import dry_run


class StepName(StrEnum):
    SUPPLIER = "supplier"
    CONNECTION = "connection"
    MAPPING = "mapping"
    IMPORT = "import"
    ACTIVATION = "activation"


TITLES: dict[StepName, str | Promise] = {
    StepName.SUPPLIER: _("Supplier"),
    StepName.CONNECTION: _("Connection"),
    StepName.MAPPING: _("Mapping and dry run"),
    StepName.IMPORT: _("Shipping and import"),
    StepName.ACTIVATION: _("Documents and activation"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """One step; ``missing`` says what is left to do, ``address`` is empty before it can be opened."""

    name: StepName
    title: str | Promise
    missing: str | Promise = ""
    address: str = ""

    @property
    def is_done(self) -> bool:
        return not self.missing


def list_steps(supplier: Supplier, *, now: datetime) -> list[SetupStep]:
    connection: Connection | None = getattr(supplier, "connection", None)
    missing: dict[StepName, str | Promise] = {
        StepName.SUPPLIER: "",
        StepName.CONNECTION: _missing_in_connection(supplier, connection),
        StepName.MAPPING: _missing_in_mapping(supplier, connection),
        StepName.IMPORT: _missing_in_import(supplier),
        StepName.ACTIVATION: _missing_for_activation(supplier, now),
    }
    return [
        SetupStep(name=name, title=TITLES[name], missing=text, address=step_url(supplier, name))
        for name, text in missing.items()
    ]


def steps_before_creation() -> list[SetupStep]:
    """Return the steps of a supplier that does not exist yet."""
    return [
        SetupStep(name=name, title=title, missing=_("Enter the supplier first."))
        for name, title in TITLES.items()
    ]


def next_step(steps: list[SetupStep]) -> SetupStep | None:
    return next((step for step in steps if not step.is_done), None)


def step_url(supplier: Supplier, name: StepName) -> str:
    return reverse("admin:suppliers_supplier_setup_step", args=[supplier.pk, name.value])


def is_feed(supplier: Supplier) -> bool:
    return supplier.adapter == file_sources.FEED


def is_uploaded(supplier: Supplier, connection: Connection | None) -> bool:
    """Return whether staff upload the files of this supplier."""
    options = connection.options if connection else {}
    return is_feed(supplier) and options.get("via") == file_sources.BY_HAND


def _missing_in_connection(supplier: Supplier, connection: Connection | None) -> str | Promise:
    if connection is None or supplier.adapter not in CONNECTORS:
        return _("Enter the address, keys and options.")
    if is_feed(supplier) and not connection.options.get("orders_to"):
        return _("Enter where orders are sent.")
    if is_uploaded(supplier, connection):
        is_stored = FeedUpload.objects.filter(supplier=supplier).exists()
        return "" if is_stored else _("Upload the supplier's file.")
    if not connection.base_url or _lacks_secret(supplier, connection):
        return _("Enter the address, keys and options.")
    return _failure_of_test(supplier, connection)


def _failure_of_test(supplier: Supplier, connection: Connection) -> str | Promise:
    results = connection.health_report.get("steps", [])
    if not results:
        return _("Test the connection.")
    # A file cannot be read before its columns are mapped: only the sign-in counts.
    judged = results[:1] if is_feed(supplier) else results
    if any(result["outcome"] == "bad" for result in judged):
        return _("The last test failed. Correct the connection and test it again.")
    return ""


def _lacks_secret(supplier: Supplier, connection: Connection) -> bool:
    stored_names = setup.stored_secret_names(connection)
    secrets = setup.declared_secrets(supplier.adapter)
    return any(secret.is_required and secret.name not in stored_names for secret in secrets)


def _missing_in_mapping(supplier: Supplier, connection: Connection | None) -> str | Promise:
    if is_feed(supplier) and (missing := _missing_columns(supplier)):
        return missing
    if dry_run.last_report(connection).get("importable"):
        return ""
    if SyncRun.Kind.PRODUCTS in _applied_kinds(supplier):
        return ""
    return _("Start a dry run and check its findings.")


def _missing_columns(supplier: Supplier) -> str | Promise:
    specs = supplier.mappings.filter(is_active=True).values_list("spec", flat=True)
    mappings = [Mapping.read(spec) for spec in specs]
    if not mappings:
        return _("Map the columns of the file to product fields.")
    if not any(mapping.has_cost for mapping in mappings):
        return _("Map the column of the cost. Nothing is sold without a cost.")
    if not any(mapping.has_stock for mapping in mappings):
        return _("Map the column of the stock. Nothing is sold without stock.")
    return ""


def _applied_kinds(supplier: Supplier) -> set[str]:
    applied = supplier.runs.filter(status=SyncRun.Status.APPLIED)
    return set(applied.values_list("kind", flat=True).distinct())


def _missing_in_import(supplier: Supplier) -> str | Promise:
    if _applied_kinds(supplier) != set(SyncRun.Kind.values):
        return _("Import products, prices and stock. Nothing is sold before activation.")
    served = ShippingService.objects.filter(location__supplier=supplier, is_active=True)
    locations = supplier.locations.exclude(pk__in=served.values("location"))
    if locations.exclude(code=setup.DEFAULT_LOCATION).exists() or served.exists():
        # A file that names its warehouses has no stock in the default one.
        locations = locations.exclude(code=setup.DEFAULT_LOCATION, levels=None)
    if codes := ", ".join(locations.order_by("pk").values_list("code", flat=True)):
        return gettext("Add a shipping service for each warehouse: %(codes)s.") % {"codes": codes}
    return "" if served.exists() else _("The import found no warehouse. Check the stock columns.")


def _missing_for_activation(supplier: Supplier, now: datetime) -> str | Promise:
    if supplier.status == Supplier.Status.ACTIVE:
        return ""
    missing = vetting.missing_requirements(supplier=supplier, now=now)
    if names := ", ".join(str(criterion.label) for criterion in missing):
        return gettext("Add and verify: %(names)s.") % {"names": names}
    return _("Activate the supplier. Until then it gets no orders.")


def state_of(step: SetupStep, steps: list[SetupStep]) -> str:
    """Render the state of a step: done, next or to do."""
    following = next_step(steps)
    label = gettext("Done") if step.is_done else gettext("Next") if step == following else ""
    return columns.as_status(
        label or gettext("To do"), waiting=step == following, final=step.is_done
    )


def render_steps(supplier: Supplier, *, now: datetime) -> str:
    """Render the steps with their state, for the page of the supplier."""
    steps = list_steps(supplier, now=now)
    lines = ((state_of(step, steps), step.address, step.title, step.missing) for step in steps)
    line = '<li>{} <a href="{}"><b>{}</b></a> {}</li>'
    return format_html('<ol class="staff-moves">{}</ol>', format_html_join("", line, lines))
