"""Supplier admin: edit a supplier, start its syncs, reprice its offers.

The page also has the actions of vetting, connection, feed mapping and safety stock.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import action
from storefront.lib.staff.fieldsets import FACTS, Group
from storefront.lib.staff.inlines import inline
from suppliers.compliance.admin import VettingActions
from suppliers.connections.admin import CheckActions, start_call
from suppliers.feed_mapping.admin import MappingActions
from suppliers.inventory import admin as inventory_admin
from suppliers.inventory import publication
from suppliers.inventory import tasks as inventory_tasks
from suppliers.inventory.admin import BufferActions
from suppliers.models import Connection, Countdown, FeedRun, StockLocation, Supplier
from suppliers.profile import setup_steps as profile_setup_steps
from suppliers.profile.forms import SupplierForm
from suppliers.profile.labels import KNOWN, SUPPLIER
from suppliers.sync import tasks as sync_tasks

KINDS = FeedRun.Kind

FOUND = [columns.state("status", _("Status")), *CheckActions.check_fields, columns.moves]


@admin.display(description=_("Steps"))
def setup_steps(supplier: Supplier) -> str:
    return profile_setup_steps.as_list(supplier, now=timezone.now())


@admin.register(Supplier)
class SupplierAdmin(CheckActions, MappingActions, VettingActions, BufferActions):
    form = SupplierForm
    editable = (
        "name",
        "language",
        "lead_days",
        "cut_off_hour",
        "acknowledge_within_min",
        "sending",
        "send_every_min",
        "send_times",
        "time_zone",
        "order_days",
        "closed_on",
        "bill_tolerance_percent",
        "bill_tolerance_amount",
        "bills_within_days",
        "billed_ships_within_days",
        "buffer",
        "counts_down_at",
        "stock_believed_min",
        "stock_grows_units",
        "stock_grows_percent",
        "stock_told_min",
        "stock_hidden_min",
        "asked_after_min",
        "asked_below",
        "unanswered",
        "cost_hidden_min",
    )
    may_add = True
    groups = (
        Group(_("Setup"), columns=[setup_steps]),
        *SUPPLIER,
        Group(FACTS, KNOWN, columns=FOUND),
    )
    exclude: ClassVar = ["status", "status_since"]
    list_display: ClassVar = [
        "name",
        "code",
        columns.state("status", _("Status"), waits={"paused"}, ended={"blocked"}),
        columns.age("status_since", _("Since")),
        "currency",
        "lead_days",
        columns.text("connection__problem", _("Connection error")),
    ]
    list_select_related: ClassVar = ["connection"]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["name", "code"]
    ordering: ClassVar = ["code"]
    readonly_fields: ClassVar = [setup_steps, *FOUND]
    inlines: ClassVar = [
        inline(StockLocation, "code", "country", "name", tab=False),
        inline(Countdown, *inventory_admin.COUNTDOWN, tab=False),
    ]
    actions: ClassVar = ["sync_products", "sync_prices", "sync_stock"]
    actions_detail: ClassVar = [
        "sync_now",
        "reprice",
        *CheckActions.check_actions,
        *MappingActions.mapping_actions,
        *VettingActions.vetting_actions,
    ]
    fits: ClassVar = {**MappingActions.mapping_fits, **VettingActions.fits}

    def save_model(
        self, request: HttpRequest, obj: Supplier, form: SupplierForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Connection.objects.create(supplier=obj)

    def response_add(
        self, request: HttpRequest, obj: Supplier, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Continue to the connection page: address, keys and options."""
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        if "_save" not in request.POST or not request.user.has_perm("suppliers.change_connection"):
            return answer
        return HttpResponseRedirect(
            reverse("admin:suppliers_connection_change", args=[obj.connection.pk])
        )

    @action(description=_("Synchronize now"), icon="sync")
    def sync_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        return self.ask(
            request,
            supplier,
            title=gettext("Synchronize now"),
            explain=gettext("Fetches products, prices and stock from %(name)s now.")
            % {"name": supplier.name},
            act=lambda _given: _start(supplier, *KINDS.values),
            done=gettext("Started. The runs appear in the list of sync runs."),
        )

    @action(description=_("Recalculate prices"), icon="percent")
    def reprice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)

        def act(_given: object) -> None:
            publication.reprice(supplier=supplier)
            self.wake(request, inventory_tasks.publish_waiting)

        return self.ask(
            request,
            supplier,
            title=gettext("Recalculate prices"),
            explain=gettext(
                "Recalculates the prices of all offers of %(name)s with the current"
                " rules and exchange rates."
            )
            % {"name": supplier.name},
            act=act,
            done=gettext("Started. The prices change within minutes."),
        )

    @action(description=_("Synchronize products now"))
    def sync_products(self, request: HttpRequest, rows: QuerySet[Supplier]) -> None:
        self.do_each(request, rows, lambda row: _start(row, KINDS.PRODUCTS.value))

    @action(description=_("Synchronize prices now"))
    def sync_prices(self, request: HttpRequest, rows: QuerySet[Supplier]) -> None:
        self.do_each(request, rows, lambda row: _start(row, KINDS.PRICES.value))

    @action(description=_("Synchronize stock now"))
    def sync_stock(self, request: HttpRequest, rows: QuerySet[Supplier]) -> None:
        self.do_each(request, rows, lambda row: _start(row, KINDS.STOCK.value))


def _start(supplier: Supplier, *kinds: str) -> None:
    for kind in kinds:
        start_call(sync_tasks.sync_now, supplier, kind=kind)
