"""Supplier admin: edit a supplier, start its syncs, reprice its offers.

The page also has the actions of vetting, connection, feed mapping and safety stock.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.indexed_search import IdSearch, equal_to
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import action, confirmed_action, permission_check
from storefront.lib.staff.fieldsets import READ_ONLY_TITLE, Group
from storefront.lib.staff.inlines import inline
from suppliers.compliance.admin import VettingActions
from suppliers.connections.admin import HealthCheckActions, start_supplier_task
from suppliers.feed_mapping.admin import MappingActions
from suppliers.inventory import admin as inventory_admin
from suppliers.inventory import publication
from suppliers.inventory import tasks as inventory_tasks
from suppliers.inventory.admin import SafetyStockActions
from suppliers.models import StockDecrement, StockLocation, Supplier, SyncRun
from suppliers.onboarding import steps
from suppliers.onboarding.admin import SetupActions
from suppliers.portal_links.admin import HISTORY, PortalLinkActions
from suppliers.profile.forms import SupplierForm
from suppliers.profile.labels import EDITABLE_FIELDS, READ_ONLY_FIELDS, SUPPLIER_GROUPS
from suppliers.sync import tasks as sync_tasks

RUN_KINDS = SyncRun.Kind

READ_ONLY_COLUMNS = [
    columns.status("status", _("Status")),
    *HealthCheckActions.check_fields,
    columns.status_history,
]


@admin.display(description=_("Steps"))
def setup_steps(supplier: Supplier) -> str:
    return steps.render_steps(supplier, now=timezone.now())


@admin.display(description=_("Setup"))
def setup_link(supplier: Supplier) -> str | None:
    """Link to the next setup step, until the supplier has been active."""
    if supplier.status not in {Supplier.Status.CANDIDATE, Supplier.Status.VETTING}:
        return None
    page = reverse("admin:suppliers_supplier_setup", args=[supplier.pk])
    return format_html('<a href="{}">{}</a>', page, gettext("Continue setup"))


@admin.register(Supplier)
class SupplierAdmin(
    SetupActions,
    HealthCheckActions,
    MappingActions,
    VettingActions,
    SafetyStockActions,
    PortalLinkActions,
):
    form = SupplierForm
    editable = EDITABLE_FIELDS
    may_add = True
    groups = (
        Group(_("Setup"), columns=[setup_steps]),
        *SUPPLIER_GROUPS,
        Group(READ_ONLY_TITLE, READ_ONLY_FIELDS, columns=READ_ONLY_COLUMNS),
    )
    exclude: ClassVar = ["status", "status_since"]
    list_display: ClassVar = [
        "name",
        "code",
        columns.status("status", _("Status"), waiting={"paused"}, final={"blocked"}),
        columns.age("status_since", _("Since")),
        "currency",
        "lead_days",
        columns.text("connection__problem", _("Connection error")),
        setup_link,
    ]
    list_select_related: ClassVar = ["connection"]
    list_filter: ClassVar = ["status"]
    search_fields: ClassVar = ["name", "code"]
    ordering: ClassVar = ["code"]
    readonly_fields: ClassVar = [setup_steps, *READ_ONLY_COLUMNS]
    inlines: ClassVar = [
        inline(StockLocation, "code", "country", "name", tab=False),
        inline(StockDecrement, *inventory_admin.DECREMENT_FIELDS, tab=False),
        HISTORY,
    ]
    actions: ClassVar = ["compare_selected", "sync_products", "sync_prices", "sync_stock"]
    actions_detail: ClassVar = [
        *SetupActions.setup_actions,
        "sync_now",
        "reprice",
        "connect_system",
        *PortalLinkActions.portal_actions,
        *HealthCheckActions.check_actions,
        *MappingActions.mapping_actions,
        *VettingActions.vetting_actions,
    ]
    available_if: ClassVar = {**MappingActions.mapping_available_if, **VettingActions.available_if}

    has_compare_permission = permission_check(VIEW_COSTS)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the groups of fields; the setup only for those who may open its steps."""
        shown = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return shown
        return [group for group in shown if setup_steps not in group[1]["fields"]]

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        if self.has_change_permission(request):
            return shown
        return [column for column in shown if column is not setup_link]

    def searches(self, text: str) -> list[IdSearch]:
        return equal_to(Supplier.objects.filter(Q(name__icontains=text) | Q(code__icontains=text)))

    @confirmed_action(
        description=_("Sync now"),
        icon="sync",
        explain=lambda supplier: (
            gettext("Fetches products, prices and stock from %(name)s now.")
            % {"name": supplier.name}
        ),
        done=_("Started. The runs appear in the list of sync runs."),
    )
    def sync_now(self, _request: HttpRequest, supplier: Supplier, _cleaned_data: object) -> None:
        _start_syncs(supplier, *RUN_KINDS.values)

    @confirmed_action(
        description=_("Recalculate prices"),
        icon="percent",
        explain=lambda supplier: (
            gettext(
                "Recalculates the prices of all offers of %(name)s with the current"
                " rules and exchange rates."
            )
            % {"name": supplier.name}
        ),
        done=_("Started. The prices change within minutes."),
    )
    def reprice(self, request: HttpRequest, supplier: Supplier, _cleaned_data: object) -> None:
        publication.reprice(supplier=supplier)
        self.wake(request, inventory_tasks.publish_pending)

    @action(description=_("Connect this supplier's system"), icon="webhook", may="view")
    def connect_system(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        return HttpResponseRedirect(reverse("admin:hooks_connect", args=[supplier.pk]))

    @action(description=_("Compare side by side"), may="compare")
    def compare_selected(self, _request: HttpRequest, rows: QuerySet[Supplier]) -> HttpResponse:
        codes = list(rows.values_list("code", flat=True))
        return HttpResponseRedirect(reverse("scorecards:side_by_side", query={"supplier": codes}))

    @action(description=_("Synchronize products now"))
    def sync_products(self, request: HttpRequest, rows: QuerySet[Supplier]) -> None:
        self.apply_to_each(request, rows, lambda row: _start_syncs(row, RUN_KINDS.PRODUCTS.value))

    @action(description=_("Synchronize prices now"))
    def sync_prices(self, request: HttpRequest, rows: QuerySet[Supplier]) -> None:
        self.apply_to_each(request, rows, lambda row: _start_syncs(row, RUN_KINDS.PRICES.value))

    @action(description=_("Synchronize stock now"))
    def sync_stock(self, request: HttpRequest, rows: QuerySet[Supplier]) -> None:
        self.apply_to_each(request, rows, lambda row: _start_syncs(row, RUN_KINDS.STOCK.value))


def _start_syncs(supplier: Supplier, *kinds: str) -> None:
    for kind in kinds:
        start_supplier_task(sync_tasks.sync_now, supplier, kind=kind)
