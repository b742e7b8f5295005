"""Merchant API: list orders, read one and its status changes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Max, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest, Lower
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import Order, OrderLine, Payment, PurchaseOrder, ReturnAuthorization
from shipping.models import Parcel
from storefront.accounts.email_verification import verified_addresses
from storefront.accounts.models import User
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.order_serializers import (
    MerchantOrderSerializer,
    StatusChangeSerializer,
)
from storefront.api.merchant.orders.purchase_orders import purchase_order_rows
from storefront.api.merchant.orders.returns import return_rows
from storefront.api.merchant.orders.shared import NUMBER, expanded_by
from storefront.api.models import Scope
from storefront.lib.models import StatusChange

TAG = "orders"
PERSONAL_FILTERS = ("email", "customer")


class OrderFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(Order.Status.choices, required=False)
    channel = serializers.CharField(
        source="channel__code", required=False, help_text="Code of the channel."
    )
    number = serializers.CharField(required=False)
    external_reference = serializers.CharField(required=False, help_text="Send channel with it.")
    placed_since = serializers.DateTimeField(
        source="placed_at__gte", required=False, help_text="Placed then or later."
    )
    updated_since = serializers.DateTimeField(
        required=False, help_text="updated_at is then or later."
    )
    email = serializers.EmailField(required=False, help_text="E-mail address, in any case.")
    customer = serializers.IntegerField(
        required=False, min_value=1, help_text="Id of a customer account."
    )


class OrderList(MerchantEndpoint):
    @list_operation(
        name="list_orders",
        tag=TAG,
        summary="List orders, newest first",
        description="The filters email and customer also require `customers:read`.",
        serializer=MerchantOrderSerializer,
        scope=Scope.ORDERS_READ,
        filters=(OrderFilter,),
    )
    def get(self, request: Request) -> Response:
        filters = validated_query(OrderFilter, request.query_params)
        if any(name in filters for name in PERSONAL_FILTERS) and not self.may(Scope.CUSTOMERS_READ):
            raise ProblemError(problem_types.MISSING_SCOPE, scope=Scope.CUSTOMERS_READ)
        rows = _selected(order_rows(expanded_by(request)), filters)
        return self.show_page(request, rows, MerchantOrderSerializer, order=("-pk",))


class OrderDetail(MerchantEndpoint):
    @read_operation(
        name="get_order",
        tag=TAG,
        summary="Retrieve an order",
        serializer=MerchantOrderSerializer,
        scope=Scope.ORDERS_READ,
        parameters=(NUMBER,),
    )
    def get(self, request: Request, number: str) -> Response:
        return self.show(
            request,
            find_row(order_rows(expanded_by(request)), number=number),
            MerchantOrderSerializer,
        )


class OrderStatusChanges(MerchantEndpoint):
    @list_operation(
        name="list_order_status_changes",
        tag=TAG,
        summary="List the status changes of an order and its parts, oldest first",
        serializer=StatusChangeSerializer,
        scope=Scope.ORDERS_READ,
        problems=(problem_types.OBJECT_NOT_FOUND,),
        filters=(NUMBER,),
    )
    def get(self, request: Request, number: str) -> Response:
        order = find_row(Order.objects.all(), number=number)
        parts: tuple[QuerySet[Any], ...] = (
            Order.objects.filter(pk=order.pk),
            order.payments.all(),
            order.purchase_orders.all(),
            Parcel.objects.filter(shipment__purchase_order__order=order),
            order.returns.all(),
        )
        changes = Q()
        for rows in parts:
            changes |= Q(subject=rows.model._meta.label, subject_id__in=rows.values("pk"))  # noqa: SLF001
        return self.show_page(request, StatusChange.objects.filter(changes), StatusChangeSerializer)


def order_rows(expanded: Collection[str]) -> QuerySet[Order]:
    """Return all orders with the expanded members, in a constant number of statements."""
    rows = Order.objects.with_progress().select_related("channel")
    rows = rows.annotate(updated_at=Greatest("status_since", *_changes_of_parts()))
    related: list[Prefetch[Any]] = []
    if "lines" in expanded:
        related.append(Prefetch("lines", OrderLine.objects.order_by("pk")))
    if "payments" in expanded:
        related.append(Prefetch("payments", Payment.objects.order_by("pk")))
    if "returns" in expanded:
        related.append(Prefetch("returns", return_rows().order_by("pk")))
    if "parcels" in expanded or "purchase_orders" in expanded:
        purchase_orders = purchase_order_rows().order_by("pk")
        if "parcels" in expanded:
            purchase_orders = purchase_orders.select_related("shipment").prefetch_related(
                "shipment__parcels__lines__order_line",
                "shipment__parcels__shipment__purchase_order__order",
            )
        related.append(Prefetch("purchase_orders", purchase_orders))
    return rows.prefetch_related(*related)


def _changes_of_parts() -> list[Combinable]:
    """Return a subquery of the last status change for each kind of part of an order."""
    order = OuterRef("pk")
    return [
        Subquery(
            rows.order_by()
            .values(path)
            .annotate(last=Greatest(*map(Max, columns)) if len(columns) > 1 else Max(columns[0]))
            .values("last")
        )
        for rows, path, columns in (
            (Payment.objects.filter(order=order), "order", ("status_since",)),
            (
                PurchaseOrder.objects.filter(order=order),
                "order",
                ("status_since", "submission_status_since"),
            ),
            (
                Parcel.objects.filter(shipment__purchase_order__order=order),
                "shipment__purchase_order__order",
                ("status_since",),
            ),
            (ReturnAuthorization.objects.filter(order=order), "order", ("status_since",)),
        )
    ]


def _selected(rows: QuerySet[Order], filters: dict[str, Any]) -> QuerySet[Order]:
    since, email, customer = (
        filters.pop(name, None) for name in ("updated_since", *PERSONAL_FILTERS)
    )
    rows = rows.filter(**filters)
    if since:
        rows = rows.filter(pk__in=changed_since(since))
    if email:
        rows = rows.alias(lower_email=Lower("email")).filter(lower_email=email.lower())
    if customer:
        user = User.objects.filter(pk=customer, is_staff=False).first()
        own = Order.objects.of(user.pk, verified_addresses(user)) if user else Order.objects.none()
        rows = rows.filter(pk__in=own.order_by().values("pk"))
    return rows


def changed_since(since: datetime) -> QuerySet[Any, Any]:
    """Return the ids of orders with a status change, of them or of a part, in one statement."""
    purchase_orders = PurchaseOrder.objects.filter(
        Q(status_since__gte=since) | Q(submission_status_since__gte=since)
    )
    return (
        Order.objects.filter(status_since__gte=since)
        .values("pk")
        .union(
            Payment.objects.filter(status_since__gte=since).values("order"),
            purchase_orders.values("order"),
            Parcel.objects.filter(status_since__gte=since).values(
                "shipment__purchase_order__order"
            ),
            ReturnAuthorization.objects.filter(status_since__gte=since).values("order"),
        )
    )
