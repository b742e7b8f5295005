"""Merchant API: list the deliveries of a webhook subscription, send events again."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.fields import (
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt
from storefront.api.core.operations import list_operation
from storefront.api.core.schema import openapi
from storefront.api.core.selection import ResourceSerializer
from storefront.api.merchant.events.subscriptions import TAG, SubscriptionEndpoint
from storefront.api.models import Scope
from storefront.events import replay, tasks
from storefront.events.models import WebhookDelivery
from storefront.lib.tasks import enqueue


class AttemptSerializer(serializers.Serializer[Any]):
    """One attempt; ``status`` is null without an answer."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    ms = serializers.IntegerField(help_text="Milliseconds.")
    answer = serializers.CharField(allow_blank=True, help_text="First characters of the answer.")


class DeliverySerializer(ResourceSerializer):
    """The delivery of one event. ``next_attempt_at`` matters while it is pending."""

    id = serializers.IntegerField()
    event_id = serializers.CharField(source="event.public_id")
    type = serializers.CharField(source="event.type")
    subject = serializers.CharField()
    sequence = serializers.IntegerField(source="event.pk")
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.values)
    attempts = serializers.IntegerField()
    next_attempt_at = serializers.DateTimeField(source="due_at")
    log = AttemptSerializer(many=True)


class DeliveryFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=WebhookDelivery.Status.values, required=False)


class ReplaySerializer(StrictSerializer):
    """Without members, all failed events; else one event, or those from a time, a sequence or both."""

    event_id = StrictCharField(max_length=40, required=False, help_text="Only this event.")
    since = serializers.DateTimeField(required=False, help_text="Events published since then.")
    after = StrictIntegerField(
        min_value=0, max_value=2**63 - 1, required=False, help_text="Events of a higher sequence."
    )


class ReplayedSerializer(serializers.Serializer[Any]):
    """How many events are sent again; ``last`` is the sequence to go on from, null without more."""

    events = serializers.IntegerField()
    last = serializers.IntegerField(allow_null=True)


class DeliveryList(SubscriptionEndpoint):
    @list_operation(
        name="list_webhook_deliveries",
        tag=TAG,
        summary="List the deliveries of a subscription, newest first",
        serializer=DeliverySerializer,
        problems=(problem_types.OBJECT_NOT_FOUND,),
        scope=Scope.WEBHOOKS_READ,
        filters=(OpenApiParameter("status", str, enum=WebhookDelivery.Status.values),),
    )
    def get(self, request: Request, subscription_id: int) -> Response:
        chosen = validated_query(DeliveryFilter, request.query_params)
        rows = WebhookDelivery.objects.filter(
            subscription=self.find_subscription(subscription_id), **chosen
        )
        # The event is unique within a subscription.
        rows = rows.select_related("event")
        return self.show_page(request, rows, DeliverySerializer, order=("-event_id",))


class SubscriptionReplay(SubscriptionEndpoint):
    @openapi(
        name="replay_webhook_events",
        tag=TAG,
        summary="Send events again",
        description="Without members, all events that failed; else one event, or those from a"
        " position, at most 10,000. They keep their ids",
        body=ReplaySerializer,
        answers={202: ReplayedSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND, problem_types.INVALID_FIELDS),
        scope=Scope.WEBHOOKS_WRITE,
        requires_idempotency_key=True,
    )
    def post(self, request: Request, subscription_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            row = self.find_subscription(subscription_id)
            wanted = validated(ReplaySerializer, request)
            last: int | None = None
            if "event_id" in wanted:
                delivery = row.deliveries.filter(event__public_id=wanted["event_id"]).first()
                if delivery is None:
                    message = "No event with this id was sent to this subscription."
                    raise serializers.ValidationError({"event_id": [message]})
                count = int(replay.replay_delivery(delivery=delivery, now=self.now))
            elif wanted:
                count, last = replay.replay_since(
                    subscription=row,
                    since=wanted.get("since"),
                    after=wanted.get("after", 0),
                    now=self.now,
                )
                if not replay.has_more(subscription=row, after=last):
                    last = None
            else:
                count = replay.replay_failed(subscription=row, now=self.now)
            enqueue(tasks.publish)
            return Response({"events": count, "last": last}, status=202)

        return self.run_once(request, work)
