"""REST hooks: subscribe and unsubscribe one event and address, as Zapier, Make and n8n do."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.api_keys import Client
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import StrictCharField, StrictSerializer, validated
from storefront.api.core.idempotency import Attempt
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.schema import openapi
from storefront.api.core.views import find_row
from storefront.api.merchant.events import permissions
from storefront.api.merchant.events.event_list import EventSerializer
from storefront.api.merchant.events.subscriptions import TYPES, subscription_problem
from storefront.api.models import Scope
from storefront.events import subscriptions
from storefront.events.event_types import SUBSCRIBABLE
from storefront.events.models import MAX_URL, PublicEvent, WebhookSubscription
from storefront.events.subscriptions import InvalidSubscriptionError

TAG = "hooks"
SAMPLES = 50


class HookTypeSerializer(serializers.Serializer[Any]):
    """An event that the key may subscribe to."""

    event = serializers.ChoiceField(choices=TYPES)
    label = serializers.CharField()  # type: ignore[assignment]  # not its own label


class NewHookSerializer(StrictSerializer):
    target_url = StrictCharField(max_length=MAX_URL)
    event = serializers.ChoiceField(choices=TYPES)


class HookSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    target_url = serializers.CharField()
    event = serializers.ChoiceField(choices=TYPES)


class HookList(MerchantEndpoint):
    @openapi(
        name="list_hook_events",
        tag=TAG,
        summary="List the events that the key may subscribe to",
        description="Also a test of the key: 401 or 403 if it cannot be used",
        answers={200: HookTypeSerializer(many=True)},
        scope=Scope.WEBHOOKS_READ,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 - DRF passes it
        readable = permissions.readable_types(self.client)
        rows = [
            {"event": kind.value, "label": str(kind.label)}
            for kind in SUBSCRIBABLE
            if kind.value in readable
        ]
        return Response(HookTypeSerializer(rows, many=True).data)

    @openapi(
        name="create_hook",
        tag=TAG,
        summary="Subscribe an address to one event",
        description="If this key has subscribed the address to the event already, that subscription"
        " is returned. It ends with the key",
        body=NewHookSerializer,
        answers={201: HookSerializer},
        problems=(problem_types.INVALID_FIELDS,),
        scope=Scope.WEBHOOKS_WRITE,
        accepts_idempotency_key=True,
    )
    def post(self, request: Request) -> Response:
        def work(_attempt: Attempt) -> Response:
            wanted = validated(NewHookSerializer, request)
            url, event = wanted["target_url"], wanted["event"]
            permissions.require_types(self.client, [event])
            try:
                subscriptions.check_address(url)
                hook_id = self._subscribe(url, event)
            except InvalidSubscriptionError as error:
                raise subscription_problem(error, url_member="target_url") from error
            shown = {"id": hook_id, "target_url": url, "event": event}
            return Response(HookSerializer(shown).data, status=status.HTTP_201_CREATED)

        return self.run_once(request, work, is_required=False)

    @transaction.atomic(durable=True)
    def _subscribe(self, url: str, event: str) -> int:
        """Return the hook of the address and event, created if there is none. Locks the API key."""
        owner = permissions.locked_key(self.client, now=self.now)
        known = _hooks_of(self.client).filter(url=url, types=[event], status="active").first()
        if known is not None:
            return known.pk
        made, _secret = subscriptions.create(
            url=url,
            types=[event],
            description="",
            actor=self.client.actor,
            now=self.now,
            **owner,
        )
        return made.pk


def _hooks_of(client: Client) -> QuerySet[WebhookSubscription]:
    """Return the hooks of a key: their addresses are known to that key's service only."""
    return WebhookSubscription.objects.filter(api_key=client.key.prefix)


class HookDetail(MerchantEndpoint):
    @openapi(
        name="delete_hook",
        tag=TAG,
        summary="Unsubscribe an address",
        description="Only one that this key subscribed",
        answers={204: None},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        scope=Scope.WEBHOOKS_WRITE,
    )
    def delete(self, request: Request, hook_id: int) -> Response:  # noqa: ARG002 - DRF passes it
        row = find_row(_hooks_of(self.client), pk=hook_id)
        permissions.require_types(self.client, row.types)
        row.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class HookSamples(MerchantEndpoint):
    @openapi(
        name="list_hook_samples",
        tag=TAG,
        summary="List the newest events of a type, newest first",
        description="What the hook would have sent, with the same ids; also a polling trigger."
        " Empty if none was recorded in the last 30 days",
        answers={200: EventSerializer(many=True)},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        scope=Scope.WEBHOOKS_READ,
    )
    def get(self, request: Request, event: str) -> Response:  # noqa: ARG002 - DRF passes it
        if event not in TYPES:
            raise ProblemError(problem_types.OBJECT_NOT_FOUND)
        permissions.require_types(self.client, [event])
        rows = PublicEvent.objects.filter(type=event).order_by("-pk")[:SAMPLES]
        return Response(EventSerializer(rows, many=True).data)
