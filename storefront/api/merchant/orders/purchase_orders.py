"""Merchant API: list purchase orders, read one, add a parcel with its tracking number."""

from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import PurchaseOrder
from shipping.models import Parcel
from shipping.shipments import tracking_import
from shipping.shipments.tracking_list import ListedRow
from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    AddressFields,
    LineUnitsSerializer,
    RowMoneyField,
    StrictBooleanField,
    StrictCharField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.parcels import MerchantParcelSerializer, parcel_rows
from storefront.api.merchant.orders.shared import (
    MAX_LINES,
    NUMBER,
    action_operation,
    request_example,
)
from storefront.api.models import Scope

TAG = "purchase orders"
COSTS = Scope.COSTS_READ


class PurchaseLineSerializer(ResourceSerializer):
    """A line; ``id`` is that of the order line. Without ``is_active``, it was canceled or moved."""

    restricted: ClassVar = {"unit_cost": COSTS, "supplier_sku": COSTS}

    id = serializers.IntegerField(source="order_line_id")
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    is_active = serializers.BooleanField()
    acknowledgment = serializers.CharField(allow_blank=True)
    supplier_sku = serializers.CharField(source="offer.supplier_sku")
    unit_cost = RowMoneyField("agreed_cost_amount", currency="cost_currency")


class PurchaseOrderSerializer(ResourceSerializer):
    """An order to one supplier: ``status`` is our work, ``submission_status`` its answer."""

    key: ClassVar = "number"
    restricted: ClassVar = {
        "supplier": COSTS,
        "hold_reasons": COSTS,
        "freight": COSTS,
        "ship_to": Scope.CUSTOMERS_READ,
    }

    number = serializers.CharField()
    order = serializers.CharField(source="order.number")
    status = serializers.ChoiceField(PurchaseOrder.Status.choices)
    status_since = serializers.DateTimeField()
    submission_status = serializers.ChoiceField(PurchaseOrder.Submission.choices)
    submission_status_since = serializers.DateTimeField()
    supplier = serializers.CharField(source="supplier.code")
    supplier_reference = serializers.CharField(allow_blank=True)
    carrier_service = serializers.CharField(allow_blank=True)
    ship_to = AddressFields(source="goes_to")
    charge = RowMoneyField(
        "customer_charge_amount", help_text="What the customer pays for these items."
    )
    freight = RowMoneyField("freight_amount", currency="freight_currency", allow_null=True)
    hold_reasons = serializers.ListField(child=serializers.DictField())
    problem = serializers.CharField(allow_blank=True)
    cancel_requested_at = serializers.DateTimeField(allow_null=True)
    submit_at = serializers.DateTimeField(allow_null=True, help_text="Not submitted before.")
    accepted_at = serializers.DateTimeField(allow_null=True)
    lines = PurchaseLineSerializer(many=True)


class NewParcelSerializer(StrictSerializer):
    """A parcel that the supplier sent. Without ``lines``, all units that are in no parcel."""

    carrier = StrictCharField(max_length=60)
    tracking_number = StrictCharField(max_length=60)
    lines = LineUnitsSerializer(many=True, required=False, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many
    is_label_only = StrictBooleanField(
        default=False, help_text="The label exists, and the parcel has not been handed over."
    )


class PurchaseOrderFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(PurchaseOrder.Status.choices, required=False)
    submission_status = serializers.ChoiceField(PurchaseOrder.Submission.choices, required=False)
    order = serializers.CharField(
        source="order__number", required=False, help_text="Number of the order."
    )
    updated_since = serializers.DateTimeField(
        required=False, help_text="One of both statuses changed then or later."
    )


class PurchaseOrderList(MerchantEndpoint):
    @list_operation(
        name="list_purchase_orders",
        tag=TAG,
        summary="List purchase orders, newest first",
        serializer=PurchaseOrderSerializer,
        scope=Scope.ORDERS_READ,
        filters=(PurchaseOrderFilter,),
    )
    def get(self, request: Request) -> Response:
        filters = validated_query(PurchaseOrderFilter, request.query_params)
        since = filters.pop("updated_since", None)
        rows = purchase_order_rows().filter(**filters)
        if since is not None:
            rows = rows.filter(Q(status_since__gte=since) | Q(submission_status_since__gte=since))
        return self.show_page(request, rows, PurchaseOrderSerializer, order=("-pk",))


class PurchaseOrderDetail(MerchantEndpoint):
    @read_operation(
        name="get_purchase_order",
        tag=TAG,
        summary="Retrieve a purchase order",
        serializer=PurchaseOrderSerializer,
        scope=Scope.ORDERS_READ,
        parameters=(NUMBER,),
    )
    def get(self, request: Request, number: str) -> Response:
        row = find_row(purchase_order_rows(), number=number)
        return self.show(request, row, PurchaseOrderSerializer)


class PurchaseOrderParcels(MerchantEndpoint):
    @action_operation(
        name="create_parcel",
        tag=TAG,
        summary="Add a parcel with its tracking number",
        description="As the supplier's own report: it implies acceptance, and the customer is"
        " notified once that the parcel has left. A number that is known already changes nothing.",
        answers={201: MerchantParcelSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.CANNOT_SHIP),
        parameters=(NUMBER,),
        body=NewParcelSerializer,
        examples=request_example(
            carrier="DHL",
            tracking_number="JJD000390012345678901",
            lines=[{"line_id": 1, "quantity": 1}],
        ),
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            row = find_row(purchase_order_rows(), number=number)
            wanted = validated(NewParcelSerializer, request)
            parcel = add_parcel(row, wanted, now=self.now)
            return self.show(
                request, parcel, MerchantParcelSerializer, status=status.HTTP_201_CREATED
            )

        return self.run_once(request, work)


def add_parcel(row: PurchaseOrder, wanted: dict[str, Any], *, now: datetime) -> Parcel:
    """Add a parcel as the supplier's report; return the one that has the number. Raises ProblemError.

    Shape:  ``wanted`` as ``NewParcelSerializer`` validates it
    """
    listed = tracking_import.validate(_listed_rows(row, wanted), supplier=row.supplier)
    problems = [parcel.problem for parcel in listed if parcel.problem]
    if not problems:
        failed = tracking_import.apply(listed, now=now)
        problems = [parcel.problem for parcel in failed]
    if problems:
        raise ProblemError(problem_types.CANNOT_SHIP, reason=problems[0])
    return parcel_rows().get(shipment__purchase_order=row, number=listed[0].number)


def _listed_rows(row: PurchaseOrder, wanted: dict[str, Any]) -> list[ListedRow]:
    """Return the rows of a tracking list that name this parcel. Raises ProblemError."""
    skus = {line.order_line_id: line.offer.supplier_sku for line in row.lines.all()}
    units = wanted.get("lines") or [None]
    errors = [
        {"pointer": f"#/lines/{index}/line_id", "detail": "The purchase order has no such line."}
        for index, line in enumerate(units)
        if line is not None and line["line_id"] not in skus
    ]
    if errors:
        raise ProblemError(problem_types.INVALID_FIELDS, errors=errors)
    return [
        ListedRow(
            row_number=index,
            order=row.number,
            carrier=wanted["carrier"],
            number=wanted["tracking_number"],
            sku="" if line is None else skus[line["line_id"]],
            quantity="" if line is None else str(line["quantity"]),
            status=Parcel.CarrierStatus.PRE_TRANSIT.value if wanted["is_label_only"] else "",
        )
        for index, line in enumerate(units, start=1)
    ]


def purchase_order_rows() -> QuerySet[PurchaseOrder]:
    """Return all purchase orders with what the serializer shows."""
    rows = PurchaseOrder.objects.select_related("order", "supplier")
    return rows.prefetch_related("lines__offer__variant", "lines__order_line__variant")
