"""Remote order admin: show what became of store orders; retry, refuse, ignore, resolve."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from orders.order_admin import OrderAdmin
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    FormData,
    ReasonForm,
    StaffAdmin,
    acting,
    confirmed_action,
    permission_check,
    register_read_only,
)
from storefront.lib.staff.fieldsets import section
from storefront.lib.staff.inlines import inline
from storefront.sales_channels.models import RemoteFulfillment, RemoteOrderRecord
from storefront.sales_channels.orders import decisions, tasks

Status = RemoteOrderRecord.Status
STATUS_COLUMN = columns.status(
    "status",
    _("Status"),
    waiting={"received", "waiting", "refusing"},
    final={"imported", "refused", "ignored", "canceled"},
)


def _is_undecided(record: RemoteOrderRecord) -> bool:
    return record.status in record.UNDECIDED


@admin.register(RemoteOrderRecord)
class RemoteOrderAdmin(StaffAdmin):
    list_display: ClassVar = [
        columns.text("name", _("Name in the store")),
        columns.text("connection__channel__name", _("Channel")),
        columns.link("order", _("Order")),
        STATUS_COLUMN,
        columns.text("problem", _("Problem")),
        columns.money("total_amount", _("Total")),
        columns.age("placed_at", _("Placed")),
        columns.age("status_since", _("Status since")),
    ]
    list_select_related: ClassVar = ["connection__channel", "order"]
    list_filter: ClassVar = ["status", "problem", "connection"]
    search_fields: ClassVar = ["name", "external_id", "order__number"]
    search_help_text = _("Name or ID in the store, or our order number")
    fieldsets: ClassVar = [
        section(
            None,
            "name",
            "external_id",
            columns.link("connection__channel", _("Channel")),
            columns.link("order", _("Order")),
            columns.money("total_amount", _("Total")),
            STATUS_COLUMN,
            columns.text("problem", _("Problem")),
            "detail",
        ),
        section(
            _("Dates"),
            "placed_at",
            "remote_updated_at",
            "problem_since",
            "due_at",
            "canceled_there_at",
            columns.status_history,
        ),
    ]
    inlines: ClassVar = [
        inline(
            RemoteFulfillment,
            columns.link("parcel", _("Parcel")),
            "external_id",
            "sent_at",
            "problem",
            tab=False,
            related=("parcel",),
        )
    ]
    user_errors: ClassVar[Errors] = (decisions.CannotDecideError,)
    actions_detail: ClassVar = ["retry", "refuse", "ignore", "resolve"]
    available_if: ClassVar[Mapping[str, Callable[[Any], bool]]] = {
        "retry": decisions.can_retry,
        "refuse": _is_undecided,
        "ignore": _is_undecided,
        "resolve": lambda record: record.status == Status.IMPORTED and bool(record.problem),
    }
    has_refund_permission = permission_check("orders.refund_order")

    @confirmed_action(
        description=_("Try again"),
        icon="refresh",
        explain=_(
            "The order is read from the store again, and imported if this is possible now. A"
            " refusal, a cancellation or a parcel that the store did not take is sent again."
        ),
        done=_("%s is processed again. Reload this page in a moment."),
    )
    def retry(self, request: HttpRequest, record: RemoteOrderRecord, _data: object) -> None:
        decisions.retry(record=record, **acting(request))
        self._wake(request, record)

    @confirmed_action(
        description=_("Refuse and refund"),
        icon="cancel",
        may="refund",
        explain=_(
            "The order is canceled in the store, and the store refunds the customer in full. This"
            " cannot be undone."
        ),
        done=_("Refusal of %s requested. The store's answer appears on this page."),
    )
    def refuse(self, request: HttpRequest, record: RemoteOrderRecord, _data: object) -> None:
        decisions.refuse(record=record, **acting(request))
        self._wake(request, record)

    @confirmed_action(
        description=_("Ignore"),
        icon="visibility_off",
        explain=_("The order is not imported, and nothing is refunded. Handle it in the store."),
        form_class=ReasonForm,
        done=_("%s is ignored."),
    )
    def ignore(self, request: HttpRequest, record: RemoteOrderRecord, data: FormData) -> None:
        decisions.ignore(record=record, reason=data["reason"], **acting(request))

    @confirmed_action(
        description=_("Mark as resolved"),
        icon="check",
        explain=_("The order leaves the inbox. Settle it with the store first."),
        done=_("%s is resolved."),
    )
    def resolve(self, _request: HttpRequest, record: RemoteOrderRecord, _data: object) -> None:
        decisions.resolve(record=record)

    def _wake(self, request: HttpRequest, record: RemoteOrderRecord) -> None:
        self.wake(request, tasks.work_for_store, connection_id=record.connection_id)


admin.site.unregister(Order)


@admin.register(Order)
class OrderOfStoreAdmin(OrderAdmin):
    """The staff page of orders, with the store order that an order came from."""

    fieldsets: ClassVar = [
        *OrderAdmin.fieldsets,
        section(
            _("Store order"),
            columns.link("remote_order", _("Name in the store")),
            columns.text("remote_order__status", _("Status")),
            columns.text("remote_order__problem", _("Problem")),
        ),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the store's section if the order came from no store."""
        parts = super().get_fieldsets(request, obj)
        return parts if hasattr(obj, "remote_order") else parts[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """Join the order of the store, which saves the page a statement."""
        # Django joins what the list needs only if nothing is joined here.
        return (
            super().get_queryset(request).select_related("remote_order", *self.list_select_related)
        )


register_read_only(
    RemoteFulfillment,
    list_display=[
        columns.link("remote_order", _("Store order")),
        columns.link("parcel", _("Parcel")),
        "external_id",
        columns.age("sent_at", _("Sent")),
        "problem",
    ],
    list_display_links=["external_id"],
    list_select_related=["remote_order", "parcel"],
    search_fields=["remote_order__name", "parcel__number"],
)
