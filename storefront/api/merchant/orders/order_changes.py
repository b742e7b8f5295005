"""Merchant API: cancel an order or units of its lines, hold it, release it, write to its customer."""

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from orders.cancellation import cancellation, items
from orders.cancellation import tasks as cancellation_tasks
from orders.models import Order, OrderMessage
from orders.order_messages import order_messages
from orders.purchasing import tasks as purchasing_tasks
from orders.purchasing.holds import holds
from storefront.api.core import problem_types
from storefront.api.core.fields import (
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt, form_key
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.order_serializers import MerchantOrderSerializer
from storefront.api.merchant.orders.orders import TAG, order_rows
from storefront.api.merchant.orders.shared import (
    MAX_LINES,
    MAX_REASON,
    NUMBER,
    REASON_HELP,
    ReasonSerializer,
    action_operation,
    expanded_by,
    request_example,
    units_by_line,
)
from storefront.api.models import Scope
from storefront.lib.state_machine import InvalidTransitionError
from storefront.lib.tasks import enqueue

Outcome = items.Outcome
change_operation = partial(action_operation, tag=TAG, parameters=(NUMBER,))


class RemainingUnitsSerializer(StrictSerializer):
    """How many units of a line stay; the others are canceled."""

    line_id = StrictIntegerField(min_value=1)
    keep_quantity = StrictIntegerField(min_value=0)


class OrderCancellationSerializer(StrictSerializer):
    """Without ``lines``, all that has not shipped. Lines name the units to keep."""

    reason = StrictCharField(max_length=MAX_REASON, help_text=REASON_HELP)
    lines = RemainingUnitsSerializer(many=True, required=False, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many


class CancellationResultSerializer(serializers.Serializer[Any]):
    """Results, each once: canceled, requested of a supplier, or refused.

    ``together``: refused, only a whole purchase order can be canceled. ``late``: it has shipped.
    """

    outcomes = serializers.ListField(
        child=serializers.ChoiceField([outcome.value for outcome in Outcome]),
        help_text="Empty: nothing was left to cancel.",
    )
    status = serializers.ChoiceField(Order.Status.choices)


class OrderCancellation(MerchantEndpoint):
    @change_operation(
        name="cancel_order",
        summary="Cancel an order, or units of its lines",
        description="What no supplier has is canceled and refunded at once. For the rest, the"
        " supplier is asked; its answer is on the purchase order.",
        answers={200: CancellationResultSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.TOO_LATE_TO_CANCEL),
        body=OrderCancellationSerializer,
        examples=request_example(
            reason="The customer wants one less", lines=[{"line_id": 1, "keep_quantity": 1}]
        ),
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = find_row(Order.objects.all(), number=number)
            wanted = validated(OrderCancellationSerializer, request)
            outcomes = cancel_order(order, wanted, actor=self.client.actor, now=self.now)
            shown = {"outcomes": sorted(outcomes), "status": order.status}
            return Response(CancellationResultSerializer(shown).data)

        return self.run_once(request, work)


def cancel_order(
    order: Order, wanted: dict[str, Any], *, actor: str, now: datetime
) -> set[Outcome]:
    """Cancel an order, or units of its lines, and let a worker call the suppliers.

    Shape:  ``wanted`` as ``OrderCancellationSerializer`` validates it
    """
    acting: dict[str, Any] = {"reason": wanted["reason"], "actor": actor, "now": now}
    if "lines" in wanted:
        known = order.lines.values_list("pk", flat=True)
        keep = units_by_line(wanted["lines"], known, quantity="keep_quantity")
        outcomes = items.cancel_items(order=order, keep=keep, **acting)
    else:
        outcomes = _cancel_whole(order, **acting)
    enqueue(cancellation_tasks.process_cancellation, order_id=order.pk)
    order.refresh_from_db()
    return outcomes


def _cancel_whole(order: Order, **acting: Any) -> set[Outcome]:
    result = cancellation.cancel(order=order, **acting)
    found = {
        Outcome.CANCELED: result.stopped or result.is_whole,
        Outcome.REQUESTED: result.open,
        Outcome.LATE: result.refused,
    }
    return {outcome for outcome, is_found in found.items() if is_found}


class HoldEndpoint(MerchantEndpoint):
    def change(
        self, request: Request, number: str, act: Callable[..., object], made: Collection[str]
    ) -> Response:
        """Run a change once and show the order. After a crash, one of the statuses ``made`` counts."""

        def work(attempt: Attempt) -> Response:
            order = find_row(Order.objects.all(), number=number)
            reason = validated(ReasonSerializer, request)["reason"]
            try:
                act(order=order, reason=reason, actor=self.client.actor, now=self.now)
            except InvalidTransitionError:
                if not attempt.is_retry_after_crash or order.status not in made:
                    raise
            row = find_row(order_rows(expanded_by(request)), number=number)
            return self.show(request, row, MerchantOrderSerializer)

        return self.run_once(request, work)


class OrderHold(HoldEndpoint):
    @change_operation(
        name="hold_order",
        summary="Put an order on hold",
        description="Nothing of it is submitted to a supplier until it is released. What a supplier"
        " has already is not stopped.",
        answers={200: MerchantOrderSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.INVALID_STATUS),
        body=ReasonSerializer,
    )
    def post(self, request: Request, number: str) -> Response:
        return self.change(request, number, holds.hold_order, {Order.Status.ON_HOLD})


class OrderRelease(HoldEndpoint):
    @change_operation(
        name="release_order",
        summary="Release an order from hold",
        description="Its purchase orders may still be on hold for reasons of their own.",
        answers={200: MerchantOrderSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.INVALID_STATUS),
        body=ReasonSerializer,
    )
    def post(self, request: Request, number: str) -> Response:
        return self.change(request, number, _release, Order.Status.values)


def _release(order: Order, **acting: Any) -> None:
    holds.release_order(order=order, **acting)
    enqueue(purchasing_tasks.create_purchase_orders, order_id=order.pk)


class OrderMessageSerializer(ResourceSerializer):
    """A message between the customer and staff. ``answered_at`` is of a customer's message."""

    id = serializers.IntegerField(source="pk")
    author = serializers.ChoiceField(OrderMessage.Author.choices)
    written_by = serializers.CharField()
    text = serializers.CharField()
    sent_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class NewMessageSerializer(StrictSerializer):
    text = StrictCharField(max_length=OrderMessage.MAX_CHARS)
    last_seen = StrictIntegerField(
        min_value=0, default=0, help_text="Id of the newest customer's message that this answers."
    )


class OrderMessages(MerchantEndpoint):
    @list_operation(
        name="list_order_messages",
        tag=TAG,
        summary="List the messages between the customer and staff, oldest first",
        serializer=OrderMessageSerializer,
        problems=(problem_types.OBJECT_NOT_FOUND,),
        filters=(NUMBER,),
        scope=Scope.CUSTOMERS_READ,
    )
    def get(self, request: Request, number: str) -> Response:
        order = find_row(Order.objects.all(), number=number)
        return self.show_page(request, order.messages.all(), OrderMessageSerializer)

    @change_operation(
        name="create_order_message",
        summary="Write to the customer of an order",
        description="The customer gets it by e-mail and on the order page.",
        answers={201: OrderMessageSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        body=NewMessageSerializer,
    )
    def post(self, request: Request, number: str) -> Response:
        def work(_attempt: Attempt) -> Response:
            order = find_row(Order.objects.all(), number=number)
            wanted = validated(NewMessageSerializer, request)
            key = form_key(request, principal=self.principal)
            order_messages.answer(
                order=order,
                text=wanted["text"],
                request_key=key,
                last_seen=wanted["last_seen"],
                actor=self.client.actor,
                now=self.now,
            )
            message = order.messages.get(request_key=key)
            return self.show(
                request, message, OrderMessageSerializer, status=status.HTTP_201_CREATED
            )

        return self.run_once(request, work)
