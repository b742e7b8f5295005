"""Merchant API: list refunds, read one, refund an amount or units that the customer keeps."""

from decimal import Decimal
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Concat
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders import ledger
from orders.models import Order, PaymentEvent, ReturnAuthorization
from orders.payments import refunds
from orders.payments import tasks as payment_tasks
from orders.returns import refunds as return_refunds
from storefront.api.core import problem_types
from storefront.api.core.fields import (
    LineUnitsSerializer,
    MoneyFields,
    RowMoneyField,
    StrictCharField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt, form_key
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.schema import of_path, openapi
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.shared import (
    MAX_LINES,
    MAX_REASON,
    NUMBER,
    REASON_HELP,
    invalid_field,
    request_example,
    units_by_line,
)
from storefront.api.models import Scope
from storefront.lib.money import Money
from storefront.lib.tasks import enqueue

TAG = "refunds"
Kind = PaymentEvent.Kind
ReturnKind = ReturnAuthorization.Kind
STATUSES = ("pending", "succeeded", "refused", "failed")


class RefundSerializer(ResourceSerializer):
    """A refund. ``refused``: by the gateway, our staff look at it. ``failed``: it came back."""

    id = serializers.IntegerField(source="pk")
    order = serializers.CharField(source="payment.order.number")
    payment = serializers.CharField(source="payment.key")
    amount = RowMoneyField("amount", currency="payment.currency")
    status = serializers.ChoiceField(STATUSES)
    reason = serializers.CharField(allow_blank=True)
    requested_at = serializers.DateTimeField(source="occurred_at")
    completed_at = serializers.DateTimeField(allow_null=True)


class NewRefundSerializer(StrictSerializer):
    """Either an amount, or shipped units that the customer keeps with the kind of complaint."""

    amount = MoneyFields(required=False)
    lines = LineUnitsSerializer(many=True, required=False, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many
    kind = serializers.ChoiceField(ReturnKind.choices, required=False, help_text="Of lines.")
    reason = StrictCharField(max_length=MAX_REASON, help_text=REASON_HELP)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("amount" in attrs) == ("lines" in attrs):
            raise serializers.ValidationError(["Send either amount or lines."])
        if ("lines" in attrs) != ("kind" in attrs):
            raise serializers.ValidationError({"kind": ["Send it with lines, and only then."]})
        return attrs


class RefundedSerializer(serializers.Serializer[Any]):
    """The refunds of this request, and what is left to refund of the order."""

    refunds = RefundSerializer(many=True)
    refundable = MoneyFields()


class RefundFilter(serializers.Serializer[Any]):
    order = serializers.CharField(
        source="payment__order__number", required=False, help_text="Number of the order."
    )
    status = serializers.ChoiceField(STATUSES, required=False)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Requested or completed then or later."
    )


class RefundList(MerchantEndpoint):
    @list_operation(
        name="list_refunds",
        tag=TAG,
        summary="List refunds, newest first",
        serializer=RefundSerializer,
        scope=Scope.ORDERS_READ,
        filters=(RefundFilter,),
    )
    def get(self, request: Request) -> Response:
        filters = validated_query(RefundFilter, request.query_params)
        since = filters.pop("updated_since", None)
        rows = refund_rows().filter(**filters)
        if since is not None:
            rows = rows.filter(Q(received_at__gte=since) | Q(outcome__received_at__gte=since))
        return self.show_page(request, rows, RefundSerializer, order=("-pk",))


class RefundDetail(MerchantEndpoint):
    @read_operation(
        name="get_refund",
        tag=TAG,
        summary="Retrieve a refund",
        serializer=RefundSerializer,
        scope=Scope.ORDERS_READ,
        parameters=(of_path("refund_id", "The refund's id.", int),),
    )
    def get(self, request: Request, refund_id: int) -> Response:
        row = find_row(refund_rows(), pk=refund_id)
        return self.show(request, row, RefundSerializer)


class OrderRefunds(MerchantEndpoint):
    @openapi(
        name="create_refund",
        tag=TAG,
        summary="Refund an amount or units of an order",
        description="At most what is left of what was captured. Units must have shipped; cancel"
        " those that have not. The gateway refunds it soon after, and the customer is notified.",
        answers={201: RefundedSerializer},
        problems=(
            problem_types.OBJECT_NOT_FOUND,
            problem_types.REFUND_TOO_LARGE,
            problem_types.NOTHING_TO_REFUND,
            problem_types.CANNOT_RETURN,
        ),
        parameters=(NUMBER,),
        body=NewRefundSerializer,
        examples=request_example(
            lines=[{"line_id": 1, "quantity": 1}], kind="damaged", reason="Scratched lens"
        ),
        scope=Scope.REFUNDS_WRITE,
        requires_idempotency_key=True,
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = find_row(Order.objects.all(), number=number)
            wanted = validated(NewRefundSerializer, request)
            key = form_key(request, principal=self.principal)
            if "lines" in wanted:
                purposes = self._refund_units(order, wanted, key)
            else:
                purposes = [self._refund_amount(order, wanted, key)]
            enqueue(payment_tasks.execute_requests)
            return self._shown(request, order, purposes)

        return self.run_once(request, work)

    def _refund_amount(self, order: Order, wanted: dict[str, Any], key: str) -> str:
        amount = Money(**wanted["amount"])
        if amount.currency != order.currency:
            raise invalid_field("#/amount/currency", f"Send {order.currency}.")
        refunds.refund(
            order=order,
            amount=amount,
            reason=wanted["reason"],
            actor=self.client.actor,
            now=self.now,
            key=key,
        )
        return key

    def _refund_units(self, order: Order, wanted: dict[str, Any], key: str) -> list[str]:
        opened = return_refunds.refund_units(
            order=order,
            units=units_by_line(wanted["lines"], order.lines.values_list("pk", flat=True)),
            kind=ReturnKind(wanted["kind"]),
            key=key,
            actor=self.client.actor,
            reason=wanted["reason"],
            now=self.now,
        )
        return [return_refunds.refund_purpose(row) for row in opened]

    def _shown(self, request: Request, order: Order, purposes: list[str]) -> Response:
        payments = list(order.payments.order_by("pk"))
        keys = [
            ledger.refund_key(payment, purpose)[:120]
            for payment in payments
            for purpose in purposes
        ]
        left = [ledger.refundable_amount(payment) for payment in payments]
        shown = {
            "refunds": refund_rows().filter(external_id__in=keys).order_by("pk"),
            "refundable": max(left, default=Money(Decimal(0), order.currency)),
        }
        context = {"selection": self.selection(request, RefundSerializer)}
        return Response(
            RefundedSerializer(shown, context=context).data, status=status.HTTP_201_CREATED
        )


def refund_rows() -> QuerySet[PaymentEvent]:
    """Return all refunds, requested by us or made at the gateway, with their status."""
    failures = PaymentEvent.objects.filter(
        kind=Kind.REFUND_FAILED,
        payment=OuterRef("payment"),
        # as ``ledger.failure_id``
        external_id=Concat(
            Coalesce(OuterRef("outcome__external_id"), OuterRef("external_id")), Value(":failed")
        ),
    )
    rows = PaymentEvent.objects.filter(
        Q(kind=Kind.REFUND_REQUESTED) | Q(kind=Kind.REFUNDED, answers=None)
    )
    return rows.select_related("payment__order").annotate(
        completed_at=Case(
            When(kind=Kind.REFUNDED, then=F("occurred_at")), default=F("outcome__occurred_at")
        ),
        status=Case(
            When(Exists(failures), then=Value("failed")),
            When(kind=Kind.REFUNDED, then=Value("succeeded")),
            When(outcome__kind=Kind.REFUNDED, then=Value("succeeded")),
            When(outcome__kind=Kind.REFUSED, then=Value("refused")),
            default=Value("pending"),
        ),
    )
