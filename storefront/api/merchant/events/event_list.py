"""Merchant API: list the events of the last 30 days, read one."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core.fields import validated_query
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.schema import of_path
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.events import permissions
from storefront.api.models import Scope
from storefront.events.event_types import EventType
from storefront.events.models import PublicEvent

TAG = "events"


class EventSerializer(ResourceSerializer):
    """An event, as it is sent to webhook subscriptions. ``data`` depends on ``type``."""

    id = serializers.CharField(source="public_id", help_text="The same at each delivery.")
    type = serializers.ChoiceField(choices=EventType.values)
    timestamp = serializers.DateTimeField(source="occurred_at")
    version = serializers.IntegerField(help_text="Version of the payload.")
    subject = serializers.CharField(help_text="The object it is about.")
    sequence = serializers.IntegerField(
        source="pk", help_text="Ascends within a subject and over all events; gaps mean nothing."
    )
    data = serializers.DictField()  # type: ignore[assignment]  # not its own data


class EventFilter(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=EventType.values, required=False)
    since = serializers.DateTimeField(required=False)
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, required=False)


class EventList(MerchantEndpoint):
    @list_operation(
        name="list_events",
        tag=TAG,
        summary="List events, oldest first",
        description="Events that the scopes of the key allow. To poll, send the highest sequence as"
        " after: no event is missed, because sequences ascend in the order of publication. Stock,"
        " price and attention events are recorded only while a webhook subscription wants them",
        serializer=EventSerializer,
        scope=Scope.WEBHOOKS_READ,
        filters=(
            OpenApiParameter("type", str, enum=EventType.values),
            OpenApiParameter(
                "since",
                {"type": "string", "format": "date-time"},
                description="Only events published at this time or later.",
            ),
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0},
                description="Only events with a higher sequence.",
            ),
        ),
    )
    def get(self, request: Request) -> Response:
        chosen = validated_query(EventFilter, request.query_params)
        rows = PublicEvent.objects.filter(type__in=permissions.readable_types(self.client))
        if "type" in chosen:
            permissions.require_types(self.client, [chosen["type"]])
            rows = rows.filter(type=chosen["type"])
        if "since" in chosen:
            rows = rows.filter(published_at__gte=chosen["since"])
        if "after" in chosen:
            rows = rows.filter(pk__gt=chosen["after"])
        return self.show_page(request, rows, EventSerializer)


class EventDetail(MerchantEndpoint):
    @read_operation(
        name="get_event",
        tag=TAG,
        summary="Retrieve an event",
        serializer=EventSerializer,
        scope=Scope.WEBHOOKS_READ,
        parameters=(of_path("event_id", "The event's id."),),
    )
    def get(self, request: Request, event_id: str) -> Response:
        event = find_row(PublicEvent.objects.all(), public_id=event_id)
        permissions.require_types(self.client, [event.type])
        return self.show(request, event, EventSerializer)
