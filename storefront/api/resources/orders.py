"""Order resource: read, pay, track and cancel an order."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders import links
from orders.cancellation import cancellation, tasks
from orders.cancellation import status as cancellation_status
from orders.links import order_url, return_url
from orders.models import Order, Payment
from orders.payments import sessions
from shipping.models import Parcel
from shipping.shipments.event_sources import drop_superseded
from shipping.shipments.identities import tracking_link
from storefront.api.core import idempotency, problem_types
from storefront.api.core.api_keys import bearer_token
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    AddressFields,
    CurrencyAmountField,
    MoneyFields,
    PictureField,
    StrictCharField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.schema import ORDER_KEY, of_path, openapi
from storefront.api.core.views import Endpoint
from storefront.lib.tasks import enqueue

NUMBER = of_path("number", "The order's number.")
PAYABLE = (Payment.Status.CREATED, Payment.Status.REQUIRES_ACTION)
MAX_REASON = 200


class OrderLineSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField(
        help_text="Several lines can have the same SKU: a line is split if it ships"
        " from several locations."
    )
    title = serializers.CharField()
    picture = PictureField()
    quantity = serializers.IntegerField()
    canceled = serializers.IntegerField(source="canceled_quantity")
    shipped = serializers.IntegerField(source="shipped_quantity")
    delivered = serializers.IntegerField(source="delivered_quantity")
    unit_price = CurrencyAmountField(source="unit_amount")
    amount = CurrencyAmountField(source="line_amount")
    discount = CurrencyAmountField(source="discount_amount", help_text="Not deducted from amount.")


class OrderSerializer(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(Order.Status.choices)
    payment_status = serializers.CharField()
    fulfillment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    payment_due_at = serializers.DateTimeField()
    pay_url = serializers.SerializerMethodField(help_text="Null unless a payment is pending.")
    email = serializers.EmailField()
    ship_to = AddressFields()
    lines = OrderLineSerializer(many=True)
    subtotal = CurrencyAmountField(source="subtotal_amount")
    delivery = CurrencyAmountField(source="delivery_amount")
    discount = CurrencyAmountField(
        source="discount_amount", help_text="Discount on all lines and the delivery."
    )
    added_tax = CurrencyAmountField(
        source="additional_tax_amount", help_text="Tax that was not included in the prices."
    )
    tax = CurrencyAmountField(source="tax_amount", help_text="All tax included in the total.")
    total = MoneyFields()
    arrives_from = serializers.DateField(allow_null=True)
    arrives_to = serializers.DateField(allow_null=True)
    url = serializers.SerializerMethodField()
    cancellation = serializers.SerializerMethodField(
        help_text="Status of the cancellation request: none, awaiting the suppliers,"
        " or rejected by a supplier. The status and the lines of the order"
        " show what was canceled."
    )

    @extend_schema_field(
        serializers.ChoiceField([state.value for state in cancellation_status.CancellationStatus])
    )
    def get_cancellation(self, order: Order) -> str:
        return cancellation_status.status_of(order).value

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_pay_url(self, order: Order) -> str | None:
        pay_urls = (
            payment.pay_url for payment in order.payments.all() if payment.status in PAYABLE
        )
        return next(pay_urls, None) or None

    @extend_schema_field(serializers.URLField())
    def get_url(self, order: Order) -> str:
        return order_url(order)


class PaymentSerializer(serializers.Serializer[Any]):
    pay_url = serializers.URLField()


class CancellationRequestSerializer(StrictSerializer):
    reason = StrictCharField(max_length=MAX_REASON, allow_blank=True, default="")


class CancellationSerializer(serializers.Serializer[Any]):
    """Result of a cancellation: ``canceled``, ``asked`` or ``in_part``.

    ``in_part``: some items can no longer be canceled. ``asked``: a supplier must agree first; its
    answer is in the order's ``cancellation``.
    """

    outcome = serializers.ChoiceField(["canceled", "asked", "in_part"])
    status = serializers.ChoiceField(Order.Status.choices)


class ParcelLineSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField(source="order_line.sku")
    title = serializers.CharField(source="order_line.title")
    quantity = serializers.IntegerField()


class TrackingEventSerializer(serializers.Serializer[Any]):
    carrier_status = serializers.ChoiceField(Parcel.CarrierStatus.choices)
    description = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    happened_at = serializers.DateTimeField(allow_null=True)


class ParcelSerializer(serializers.Serializer[Any]):
    """One parcel: ``status`` is the shop's, ``carrier_status`` the carrier's."""

    carrier = serializers.CharField()
    number = serializers.CharField()
    tracking_url = serializers.SerializerMethodField(
        help_text="Tracking page of the carrier, in the language of the request if it has one."
    )
    last_mile_carrier = serializers.CharField(
        allow_blank=True, help_text="The carrier that delivers, if it is another one."
    )
    last_mile_number = serializers.CharField(allow_blank=True)
    last_mile_url = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(Parcel.Status.choices)
    carrier_status = serializers.ChoiceField(Parcel.CarrierStatus.choices)
    carrier_status_at = serializers.DateTimeField(allow_null=True)
    label_created_at = serializers.DateTimeField()
    resolution = serializers.ChoiceField(
        Parcel.Resolution.choices, help_text="What was done about a lost or returned parcel."
    )
    lines = ParcelLineSerializer(many=True)
    events = serializers.SerializerMethodField()

    @extend_schema_field(TrackingEventSerializer(many=True))
    def get_events(self, parcel: Parcel) -> Any:
        """Return the events that count, if the supplier and a tracking provider report them."""
        return TrackingEventSerializer(
            drop_superseded(parcel.tracking_events.all()), many=True
        ).data

    def get_tracking_url(self, parcel: Parcel) -> str:
        order: Order = self.context["order"]
        return tracking_link(parcel, ship_to=order.ship_to, language=get_language() or "en")


class TrackingSerializer(serializers.Serializer[Any]):
    parcels = ParcelSerializer(many=True)


def visible_parcels(order: Order) -> QuerySet[Parcel]:
    """Return the parcels that a customer sees, oldest first."""
    parcels = Parcel.objects.filter(shipment__purchase_order__order=order)
    parcels = parcels.exclude(status=Parcel.Status.VOIDED).order_by("label_created_at", "pk")
    return parcels.prefetch_related("lines__order_line", "tracking_events")


def order_of(request: Request, number: str) -> Order:
    """Return an order by number and access key. Raises ProblemError."""
    order = links.find_order(number=number, key=bearer_token(request))
    if order is None:
        raise ProblemError(problem_types.ORDER_NOT_FOUND)
    return order


order_operation = partial(
    openapi,
    tag="storefront orders",
    bearer=ORDER_KEY,
    parameters=(NUMBER,),
    problems=(problem_types.ORDER_NOT_FOUND,),
)


class OrderDetail(Endpoint):
    @order_operation(
        name="get_storefront_order", summary="Retrieve an order", answers={200: OrderSerializer}
    )
    def get(self, request: Request, number: str) -> Response:
        placed = order_of(request, number)
        order = (
            Order.objects.with_progress().prefetch_related("lines", "payments").get(pk=placed.pk)
        )
        return Response(OrderSerializer(order, context={"currency": order.currency}).data)


class OrderPay(Endpoint):
    @order_operation(
        name="pay_storefront_order",
        summary="Create a payment, or return the pending one",
        description="After a declined card, this starts a new attempt.",
        answers={200: PaymentSerializer},
        problems=(
            problem_types.ORDER_NOT_FOUND,
            problem_types.NOT_PAYABLE,
            problem_types.PAYMENT_GATEWAY_UNAVAILABLE,
        ),
    )
    def post(self, request: Request, number: str) -> Response:
        order = order_of(request, number)
        payment = sessions.open_session(order=order, return_url=return_url(order), now=self.now)
        if payment.status not in PAYABLE:
            raise sessions.NotPayableError(order.number)
        return Response(PaymentSerializer({"pay_url": payment.pay_url}).data)


class OrderCancel(Endpoint):
    @order_operation(
        name="cancel_storefront_order",
        summary="Cancel unshipped items",
        description="Items that no supplier has received are canceled immediately."
        " For the rest, we ask the supplier. Read the order later to see"
        " the answer.",
        body=CancellationRequestSerializer,
        answers={200: CancellationSerializer},
        problems=(problem_types.ORDER_NOT_FOUND, problem_types.TOO_LATE_TO_CANCEL),
        accepts_idempotency_key=True,
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = order_of(request, number)
            reason = (
                validated(CancellationRequestSerializer, request)["reason"]
                or "canceled by the customer"
            )
            result = cancellation.cancel(order=order, reason=reason, actor="customer", now=self.now)
            enqueue(tasks.process_cancellation, order_id=order.pk)
            outcome = "canceled" if result.is_whole else "asked" if result.open else "in_part"
            return Response(
                CancellationSerializer({"outcome": outcome, "status": order.status}).data
            )

        principal = idempotency.principal_of_secret(bearer_token(request))
        return idempotency.run_idempotent(request, principal=principal, work=work)


class OrderTracking(Endpoint):
    @order_operation(
        name="get_storefront_order_tracking",
        summary="Retrieve the parcels of an order",
        answers={200: TrackingSerializer},
    )
    def get(self, request: Request, number: str) -> Response:
        order = order_of(request, number)
        parcels = visible_parcels(order)
        shown = TrackingSerializer({"parcels": parcels}, context={"order": order})
        return Response(shown.data)
