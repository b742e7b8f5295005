"""Store connection admin: connect a store, check, publish, pause, resume and disconnect it."""

from copy import copy
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    enqueue_or_fail,
)
from storefront.lib.staff.fieldsets import Group
from storefront.sales_channels import pending_changes
from storefront.sales_channels.connections import status, store_check, tasks
from storefront.sales_channels.connections.figures import load_figures
from storefront.sales_channels.connections.forms import NewConnectionForm, connection_form
from storefront.sales_channels.models import ChannelRun, Connection
from storefront.sales_channels.publishing.tasks import publish
from suppliers.resilience import circuit_breaker

connection_status = columns.status(
    "status", _("Status"), needs_action=("paused",), final=("disconnected",)
)
SHOWN_RUNS = 5


@admin.display(description=_("Listings"))
def figures(row: Connection) -> str:
    """Show what the store has, lacks and refuses, and how late it is."""
    known = load_figures(row, now=timezone.now())
    lines: list[tuple[str | Promise, Any]] = [
        (_("In the store"), known.listed),
        (_("Changed, not sent yet"), known.changed),
        (_("Oldest change (s)"), _seconds(known.oldest_change_s)),
        (_("Lag, median of 24 hours (s)"), _seconds(known.lag_p50_s)),
        (_("Lag, 95th percentile of 24 hours (s)"), _seconds(known.lag_p95_s)),
        (_("Products with a problem"), known.products_with_problems),
        (_("Listings refused by the store"), known.refused),
        (_("Open differences"), known.drift_open),
        (_("Corrected differences of 30 days"), known.drift_corrected),
        (_("Unknown variants in the store"), known.unknown_variants),
    ]
    return columns.as_pairs(lines)


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{float(value):.1f}"


@admin.display(description=_("Last runs"))
def last_runs(row: Connection) -> str | None:
    runs = list(ChannelRun.objects.filter(connection=row).order_by("-started_at")[:SHOWN_RUNS])
    if not runs:
        return None
    return columns.as_pairs(
        (columns.as_age(run.started_at), " · ".join(map(str, _summary(run)))) for run in runs
    )


def _summary(run: ChannelRun) -> list[str]:
    parts = [run.get_kind_display(), gettext("calls: %(count)d") % {"count": run.calls}]
    if run.kind == ChannelRun.Kind.DRIFT:
        known = {"found": run.found, "corrected": run.corrected}
        parts.append(gettext("found: %(found)d, corrected: %(corrected)d") % known)
    else:
        written = {"products": run.products, "prices": run.prices, "stock": run.quantities}
        text = gettext("products: %(products)d, prices: %(prices)d, quantities: %(stock)d")
        parts.append(text % written)
    return [*parts, *filter(None, [run.error])]


@admin.register(Connection)
class ConnectionAdmin(StaffAdmin):
    editable = (
        "base_url",
        "is_publishing",
        "stock_buffer",
        "requires_gtin",
        "refuse_after_hours",
        "notifies_customers",
    )
    may_add = True
    add_form = NewConnectionForm
    empty_text = _("No store is connected yet. Add one to sell on Shopify or another platform.")
    groups = (
        Group(_("Store"), ("channel", "platform", "base_url")),
        Group(_("Publication"), ("is_publishing", "stock_buffer", "requires_gtin")),
        Group(
            _("Orders"),
            ("refuse_after_hours", "notifies_customers", "orders_since", "orders_until"),
        ),
        Group(_("Secrets and options")),
        Group(
            _("Status"),
            (
                "status_reason",
                "store_name",
                "store_identity",
                "checked_at",
                "check_problem",
                "problem",
                "problem_at",
                "drift_checked_at",
            ),
            columns=[connection_status],
        ),
        Group(_("Figures"), columns=[figures, last_runs, columns.status_history]),
    )
    list_display: ClassVar = [
        "channel",
        "platform",
        "store_name",
        connection_status,
        "is_publishing",
        "stock_buffer",
        "problem",
        columns.age("drift_checked_at", _("Last drift check")),
    ]
    list_select_related: ClassVar = ["channel"]
    list_filter: ClassVar = ["platform", "status"]
    ordering: ClassVar = ["channel__code"]
    exclude: ClassVar = ["secrets_encrypted", "options", "is_unauthorized", "status"]
    readonly_fields: ClassVar = [connection_status, figures, last_runs, columns.status_history]
    actions_detail: ClassVar = [
        "check_store",
        "resume",
        "publish_all",
        "retry",
        "pause",
        "disconnect",
    ]
    available_if: ClassVar = {
        "resume": lambda row: row.status != "active",
        "pause": lambda row: row.status == "active",
        "publish_all": lambda row: row.status == "active" and row.is_publishing,
        "retry": lambda row: row.status == "active",
        "disconnect": lambda row: row.status != "disconnected",
    }

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.exclude

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT002 - Django's
        **options: Any,
    ) -> "type[forms.ModelForm[Any]]":
        """Return the form of the platform, or the default one for a read-only view."""
        if obj is not None and self.has_change_permission(request, obj):
            problem = getattr(request, "access_problem", "")
            options["form"] = connection_form(obj, access_problem=problem)
        return super().get_form(request, obj, change, **options)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Ask which store a new address or key opens, before the page's transaction begins."""
        if request.method == "POST" and object_id is not None:
            request.access_problem = self._find_access_problem(request, object_id)  # type: ignore[attr-defined]
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return answer

    def _find_access_problem(self, request: HttpRequest, object_id: str) -> str:
        row = copy(self.get_object(request, object_id))  # the page gets the same object
        if row is None or not row.is_bound or not self.has_change_permission(request, row):
            return ""
        form: Any = self.get_form(request, row, change=True)(request.POST, instance=row)
        is_to_check = form.is_valid() and form.has_new_access
        return store_check.find_access_problem(form.instance) if is_to_check else ""

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Save; compare the store whole after a change of what is published.

        Only the fields of the form are written: a worker may have paused the store meanwhile.
        """
        now, changed = timezone.now(), {*form.changed_data}
        if not change:
            obj.status_since = now
            super().save_model(request, obj, form, change)
            return
        written = [name for name in form.fields if name in self.editable]
        if form.has_new_access and not obj.is_bound:
            obj.checked_at = None  # perhaps another store: it is started after its check only
            written.append("checked_at")
        obj.save(update_fields=[*written, "secrets_encrypted", "options"])
        if {"is_publishing", "stock_buffer", "requires_gtin"} & changed:
            pending_changes.queue_all(obj, now=now)
        if form.has_new_access and obj.status == Connection.Status.ACTIVE:
            wake = partial(self.wake, request, tasks.subscribe, connection_id=obj.pk)
            transaction.on_commit(wake)

    def response_post_save_add(self, _request: HttpRequest, obj: Connection) -> HttpResponse:
        """Continue to the page for the secrets, whose fields depend on the platform."""
        return HttpResponseRedirect(self.page_of(obj))

    @confirmed_action(
        description=_("Check store"),
        icon="network_check",
        explain=_(
            "Reads the store with the saved key: permissions, currency and stock locations."
            " Nothing is written."
        ),
        done=_("Started. The result appears on this page shortly."),
    )
    def check_store(self, _request: HttpRequest, row: Connection, _cleaned_data: object) -> None:
        enqueue_or_fail(tasks.check_store, connection_id=row.pk)

    @confirmed_action(
        description=_("Start selling"),
        icon="play_arrow",
        explain=_(
            "All published listings of the channel are compared with the store and sent. From now"
            " on the store follows our prices and stock."
        ),
        done=_("The store is active."),
    )
    def resume(self, request: HttpRequest, row: Connection, _cleaned_data: object) -> None:
        status.resume(row, **acting(request))
        self.wake(request, tasks.subscribe, connection_id=row.pk)
        self.wake(request, publish, connection_id=row.pk)

    @confirmed_action(
        description=_("Publish all"),
        icon="upload",
        explain=_(
            "Sends all products, prices and stock again, also those that did not change. This may"
            " take a long time."
        ),
        done=_("All listings are queued."),
    )
    def publish_all(self, request: HttpRequest, row: Connection, _cleaned_data: object) -> None:
        pending_changes.queue_all(row, now=timezone.now(), effect=pending_changes.Effect.RESEND)
        self.wake(request, publish, connection_id=row.pk)

    @confirmed_action(
        description=_("Retry now"),
        icon="restart_alt",
        explain=_(
            "Waiting calls continue at once. If the store still does not respond, calls pause"
            " again after a few failures."
        ),
        done=_("Calls have resumed."),
    )
    def retry(self, request: HttpRequest, row: Connection, _cleaned_data: object) -> None:
        circuit_breaker.close(gateway=row.breaker_key)
        self.wake(request, publish, connection_id=row.pk)

    @confirmed_action(
        description=_("Pause"),
        icon="pause",
        explain=_(
            "No call is made until you start selling again. The store keeps its last prices and"
            " stock, and may sell items that are out of stock: close it first if the pause is long."
        ),
        form_class=ReasonForm,
        done=_("The store is paused."),
    )
    def pause(self, request: HttpRequest, row: Connection, cleaned_data: Any) -> None:
        status.pause(row, reason=cleaned_data["reason"], **acting(request))

    @confirmed_action(
        description=_("Disconnect"),
        icon="link_off",
        explain=_(
            "Ends the connection; its history stays. The products stay in the store with their"
            " last stock: hide them there."
        ),
        form_class=ReasonForm,
        done=_("The store is disconnected."),
    )
    def disconnect(self, request: HttpRequest, row: Connection, cleaned_data: Any) -> None:
        status.disconnect(row, reason=cleaned_data["reason"], **acting(request))


@admin.register(ChannelRun)
class ChannelRunAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.age("started_at", _("Started")),
        columns.text("connection__channel__name", _("Channel")),
        "kind",
        "calls",
        "products",
        "prices",
        "quantities",
        "refused",
        "found",
        "corrected",
        "unknown",
        "error",
    ]
    list_select_related: ClassVar = ["connection__channel"]
    list_filter: ClassVar = ["connection", "kind"]
    ordering: ClassVar = ["-started_at", "-id"]
