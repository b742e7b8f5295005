"""Merchant API: approve or reject a return, record what came back and its inspection, refund it."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import ReturnAuthorization
from orders.payments import tasks as payment_tasks
from orders.returns import authorizations, inspection, refunds
from orders.returns.inspection import InspectedLine
from storefront.api.core import problem_types
from storefront.api.core.fields import (
    AmountField,
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.views import find_row
from storefront.api.merchant.orders.returns import (
    TAG,
    MerchantReturnSerializer,
    return_rows,
)
from storefront.api.merchant.orders.shared import (
    MAX_LINES,
    NUMBER,
    action_operation,
    request_example,
    units_by_line,
)
from storefront.api.models import Scope
from storefront.lib.state_machine import InvalidTransitionError
from storefront.lib.tasks import enqueue

Status = ReturnAuthorization.Status
Condition = ReturnAuthorization.Condition
MAX_ANSWER = 500

decision = partial(
    action_operation,
    tag=TAG,
    answers={200: MerchantReturnSerializer},
    problems=(
        problem_types.OBJECT_NOT_FOUND,
        problem_types.CANNOT_RETURN,
        problem_types.INVALID_STATUS,
    ),
    parameters=(NUMBER,),
)


class ApprovalSerializer(StrictSerializer):
    answer = StrictCharField(
        max_length=MAX_ANSWER, allow_blank=True, default="", help_text="Sent to the customer."
    )


class RejectionSerializer(StrictSerializer):
    answer = StrictCharField(max_length=MAX_ANSWER, help_text="The reason for the customer.")


class ReceivedUnitsSerializer(StrictSerializer):
    line_id = StrictIntegerField(min_value=1)
    quantity = StrictIntegerField(min_value=0)


class ReceiptSerializer(StrictSerializer):
    """The units that arrived. A line that is not named did not arrive."""

    lines = ReceivedUnitsSerializer(many=True, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many


class InspectedUnitsSerializer(StrictSerializer):
    line_id = StrictIntegerField(min_value=1)
    accepted = StrictIntegerField(min_value=0)
    condition = serializers.ChoiceField(Condition.choices)
    deduction = AmountField(min_value=0, default=Decimal(0), help_text="For use beyond testing.")
    deduction_reason = StrictCharField(max_length=200, allow_blank=True, default="")


class InspectionSerializer(StrictSerializer):
    """The result of every line of the return."""

    lines = InspectedUnitsSerializer(many=True, min_length=1, max_length=MAX_LINES)  # type: ignore[call-arg]  # of many


class ReturnEndpoint(MerchantEndpoint):
    """Shared work of the decisions about one return."""

    def decide(
        self,
        request: Request,
        number: str,
        act: Callable[..., object],
        *,
        to: Status,
        body: type[StrictSerializer] | None = None,
    ) -> Response:
        """Run a decision once and show the return. After a crash, a decision that is made counts.

        ``act`` also gets the values of the body.
        """

        def work(attempt: Attempt) -> Response:
            row = find_row(return_rows(), number=number)
            values = validated(body, request) if body else {}
            try:
                act(authorization=row, actor=self.client.actor, now=self.now, **values)
            except InvalidTransitionError:
                if not attempt.is_retry_after_crash or row.status != to:
                    raise
            return self.show(
                request, find_row(return_rows(), number=number), MerchantReturnSerializer
            )

        return self.run_once(request, work)


class ReturnApproval(ReturnEndpoint):
    @decision(
        name="approve_return",
        summary="Approve a return",
        description="The customer gets an e-mail: where to send the items, or that they can keep them.",
        body=ApprovalSerializer,
    )
    def post(self, request: Request, number: str) -> Response:
        act, to = authorizations.approve, Status.APPROVED
        return self.decide(request, number, act, to=to, body=ApprovalSerializer)


class ReturnRejection(ReturnEndpoint):
    @decision(
        name="reject_return",
        summary="Reject a return",
        description="The customer gets the reason by e-mail.",
        body=RejectionSerializer,
    )
    def post(self, request: Request, number: str) -> Response:
        act, to = authorizations.reject, Status.REJECTED
        return self.decide(request, number, act, to=to, body=RejectionSerializer)


class ReturnReceipt(ReturnEndpoint):
    @decision(
        name="receive_return",
        summary="Record which units arrived",
        description="Inspect them next.",
        body=ReceiptSerializer,
        examples=request_example(lines=[{"line_id": 1, "quantity": 1}]),
    )
    def post(self, request: Request, number: str) -> Response:
        return self.decide(request, number, _receive, to=Status.RECEIVED, body=ReceiptSerializer)


class ReturnInspection(ReturnEndpoint):
    @decision(
        name="inspect_return",
        summary="Record the inspection of what arrived",
        description="Units that are not accepted are not refunded. Refund the return next.",
        body=InspectionSerializer,
        examples=request_example(lines=[{"line_id": 1, "accepted": 1, "condition": "as_new"}]),
    )
    def post(self, request: Request, number: str) -> Response:
        return self.decide(
            request, number, _inspect, to=Status.INSPECTED, body=InspectionSerializer
        )


class ReturnRefund(ReturnEndpoint):
    @decision(
        name="refund_return",
        summary="Refund the accepted units of a return",
        description="At most what is left of the payment. The gateway refunds it soon after, and the"
        " customer is notified.",
        scope=Scope.REFUNDS_WRITE,
    )
    def post(self, request: Request, number: str) -> Response:
        return self.decide(request, number, _refund, to=Status.REFUNDED)


def _receive(
    authorization: ReturnAuthorization, lines: list[dict[str, Any]], **acting: Any
) -> None:
    ids = {line.order_line_id: line.pk for line in authorization.lines.all()}
    units = {ids[line]: count for line, count in units_by_line(lines, ids).items()}
    inspection.receive(authorization=authorization, units=units, **acting)


def _inspect(
    authorization: ReturnAuthorization, lines: list[dict[str, Any]], **acting: Any
) -> None:
    ids = {line.order_line_id: line.pk for line in authorization.lines.all()}
    units_by_line(lines, ids, quantity="accepted", is_complete=True)
    results = {ids[line["line_id"]]: _inspected(line) for line in lines}
    inspection.inspect(authorization=authorization, results=results, **acting)


def _refund(**acting: Any) -> None:
    refunds.refund(**acting)
    enqueue(payment_tasks.execute_requests)


def _inspected(line: dict[str, Any]) -> InspectedLine:
    return InspectedLine(
        accepted=line["accepted"],
        condition=Condition(line["condition"]),
        deduction=line["deduction"],
        reason=line["deduction_reason"],
    )
