"""Merchant API: webhook subscriptions: create, change, delete, rotate the secret, test."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.core.fields import (
    StrictCharField,
    StrictIntegerField,
    StrictSerializer,
    validated,
    validated_query,
)
from storefront.api.core.idempotency import Attempt, form_key
from storefront.api.core.merchant import MerchantEndpoint
from storefront.api.core.operations import list_operation, read_operation
from storefront.api.core.schema import openapi
from storefront.api.core.selection import ResourceSerializer
from storefront.api.core.views import find_row
from storefront.api.merchant.events import permissions
from storefront.api.models import Scope
from storefront.events import subscriptions, tasks
from storefront.events.event_types import SUBSCRIBABLE
from storefront.events.models import MAX_URL, WebhookSubscription
from storefront.events.subscriptions import InvalidSubscriptionError
from storefront.lib.tasks import enqueue

TAG = "webhook subscriptions"
TYPES = [kind.value for kind in SUBSCRIBABLE]
WRITE_PROBLEMS = (problem_types.OBJECT_NOT_FOUND, problem_types.INVALID_FIELDS)


class SubscriptionSerializer(ResourceSerializer):
    """A webhook subscription. ``types`` is empty if it gets all events."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField(
        help_text="Path and query are *** unless this API key set the address: they may be a secret."
    )
    description = serializers.CharField(allow_blank=True)
    types = serializers.ListField(child=serializers.ChoiceField(choices=TYPES))
    status = serializers.ChoiceField(
        choices=WebhookSubscription.Status.values,
        help_text="Disabled: by the shop, after five days of failures, after a 410, or because the"
        " API key that set the address was revoked or has expired.",
    )
    failing_since = serializers.DateTimeField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()

    def get_url(self, row: WebhookSubscription) -> str:
        is_own = row.api_key == self.context["api_key"]
        return row.url if is_own else subscriptions.masked(row.url)


class NewSecretSerializer(serializers.Serializer[Any]):
    """A new signing secret. A repeated request with the same key gets null instead of it."""

    id = serializers.IntegerField()
    secret = serializers.CharField(allow_null=True, help_text="Shown once: whsec_ and Base64.")


class NewSubscriptionSerializer(StrictSerializer):
    url = StrictCharField(max_length=MAX_URL, help_text="Public, with https.")
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES),
        default=list,
        max_length=len(TYPES),
        help_text="Empty: all events, also those added later.",
    )
    description = StrictCharField(max_length=100, allow_blank=True, default="")


class SubscriptionChangeSerializer(StrictSerializer):
    url = StrictCharField(max_length=MAX_URL, required=False)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=TYPES), required=False, max_length=len(TYPES)
    )
    description = StrictCharField(max_length=100, allow_blank=True, required=False)
    status = serializers.ChoiceField(choices=["active", "paused"], required=False)


class RotationSerializer(StrictSerializer):
    overlap_hours = StrictIntegerField(
        min_value=0,
        max_value=subscriptions.MAX_OVERLAP // timedelta(hours=1),
        default=24,
        help_text="So long, messages carry the signatures of both secrets.",
    )


class SubscriptionFilter(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=WebhookSubscription.Status.values, required=False)


class SubscriptionEndpoint(MerchantEndpoint):
    """Shared work of the views of subscriptions."""

    @property
    def reader(self) -> dict[str, Any]:
        """The context of the serializer: which addresses are shown."""
        return {"api_key": self.client.key.prefix}

    def find_subscription(self, subscription_id: int) -> WebhookSubscription:
        """Return a subscription whose events the key may read. Raises ProblemError."""
        row = find_row(WebhookSubscription.objects.all(), pk=subscription_id)
        permissions.require_types(self.client, row.types)
        return row


def subscription_problem(
    error: InvalidSubscriptionError, *, url_member: str = "url"
) -> ProblemError:
    """Return the problem of a refused subscription, which names the member of the request."""
    member = url_member if error.field == "url" else error.field
    problem = {"pointer": f"#/{member}" if member else "#", "detail": str(error)}
    return ProblemError(problem_types.INVALID_FIELDS, errors=[problem])


class SubscriptionList(SubscriptionEndpoint):
    @list_operation(
        name="list_webhook_subscriptions",
        tag=TAG,
        summary="List webhook subscriptions",
        serializer=SubscriptionSerializer,
        scope=Scope.WEBHOOKS_READ,
        filters=(OpenApiParameter("status", str, enum=WebhookSubscription.Status.values),),
    )
    def get(self, request: Request) -> Response:
        chosen = validated_query(SubscriptionFilter, request.query_params)
        rows = WebhookSubscription.objects.filter(**chosen)
        return self.show_page(request, rows, SubscriptionSerializer, **self.reader)

    @openapi(
        name="create_webhook_subscription",
        tag=TAG,
        summary="Create a webhook subscription",
        description="Events are sent by Standard Webhooks. The key needs the scopes to read them."
        " The subscription ends with the key",
        body=NewSubscriptionSerializer,
        answers={201: NewSecretSerializer},
        problems=(problem_types.INVALID_FIELDS,),
        scope=Scope.WEBHOOKS_WRITE,
        requires_idempotency_key=True,
    )
    def post(self, request: Request) -> Response:
        secrets: list[str] = []

        def work(_attempt: Attempt) -> Response:
            wanted = validated(NewSubscriptionSerializer, request)
            permissions.require_types(self.client, wanted["types"])
            try:
                subscriptions.check_address(wanted["url"])
                with transaction.atomic(durable=True):
                    made, secret = subscriptions.create(
                        **wanted,
                        **permissions.locked_key(self.client, now=self.now),
                        actor=self.client.actor,
                        now=self.now,
                        request_key=form_key(request, principal=self.principal),
                    )
            except InvalidSubscriptionError as error:
                raise subscription_problem(error) from error
            secrets.append(secret)
            return Response({"id": made.pk, "secret": None}, status=status.HTTP_201_CREATED)

        return _with_secret(self.run_once(request, work), secrets)


def _with_secret(response: Response, secrets: list[str]) -> Response:
    """Add a new secret to the response, after the stored one was written without it."""
    if secrets:
        response.data = {**response.data, "secret": secrets[0]}
    return response


class SubscriptionDetail(SubscriptionEndpoint):
    @read_operation(
        name="get_webhook_subscription",
        tag=TAG,
        summary="Retrieve a webhook subscription",
        serializer=SubscriptionSerializer,
        scope=Scope.WEBHOOKS_READ,
    )
    def get(self, request: Request, subscription_id: int) -> Response:
        row = find_row(WebhookSubscription.objects.all(), pk=subscription_id)
        return self.show(request, row, SubscriptionSerializer, **self.reader)

    @openapi(
        name="update_webhook_subscription",
        tag=TAG,
        summary="Change, pause or resume a webhook subscription",
        description="A new address belongs to this API key, and ends with it. A subscription whose"
        " key has ended is resumed by staff, or with a new address",
        body=SubscriptionChangeSerializer,
        answers={200: SubscriptionSerializer},
        problems=(*WRITE_PROBLEMS, problem_types.INVALID_STATUS),
        scope=Scope.WEBHOOKS_WRITE,
        accepts_idempotency_key=True,
        accepts_if_match=True,
    )
    def patch(self, request: Request, subscription_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            row = self.find_subscription(subscription_id)
            wanted = validated(SubscriptionChangeSerializer, request)
            permissions.require_types(self.client, wanted.get("types", row.types))
            state = wanted.pop("status", None)
            try:
                if "url" in wanted:  # resolves its host, so before the transaction
                    subscriptions.check_address(wanted["url"])
                with transaction.atomic():
                    owner = permissions.locked_key(self.client, now=self.now)
                    row = self._locked(subscription_id)
                    self.require_match(request, row, SubscriptionSerializer, **self.reader)
                    subscriptions.change(subscription=row, **wanted, **owner)
                    self._move(row, state)
            except InvalidSubscriptionError as error:
                raise subscription_problem(error) from error
            return self.show(request, row, SubscriptionSerializer, **self.reader)

        return self.run_once(request, work, is_required=False)

    def _locked(self, subscription_id: int) -> WebhookSubscription:
        """Lock the subscription; another request may have changed its types. Raises ProblemError."""
        rows = WebhookSubscription.objects.select_for_update(of=["self"])
        row = find_row(rows, pk=subscription_id)
        permissions.require_types(self.client, row.types)
        return row

    def _move(self, row: WebhookSubscription, state: str | None) -> None:
        if state in (None, row.status):
            return
        actor = self.client.actor
        if state == "active":
            if row.has_ended_key(self.now):
                raise ProblemError(problem_types.INVALID_STATUS, reason=subscriptions.KEY_ENDED)
            subscriptions.resume(subscription=row, actor=actor, now=self.now)
        elif row.status == "active":
            subscriptions.pause(subscription=row, actor=actor, now=self.now)

    @openapi(
        name="delete_webhook_subscription",
        tag=TAG,
        summary="Delete a webhook subscription with its deliveries",
        answers={204: None},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        scope=Scope.WEBHOOKS_WRITE,
    )
    def delete(self, request: Request, subscription_id: int) -> Response:  # noqa: ARG002 - DRF passes it
        self.find_subscription(subscription_id).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class SubscriptionRotate(SubscriptionEndpoint):
    @openapi(
        name="rotate_webhook_secret",
        tag=TAG,
        summary="Rotate the signing secret",
        body=RotationSerializer,
        answers={200: NewSecretSerializer},
        problems=WRITE_PROBLEMS,
        scope=Scope.WEBHOOKS_WRITE,
        requires_idempotency_key=True,
    )
    def post(self, request: Request, subscription_id: int) -> Response:
        secrets: list[str] = []

        def work(_attempt: Attempt) -> Response:
            row = self.find_subscription(subscription_id)
            hours = validated(RotationSerializer, request)["overlap_hours"]
            secret = subscriptions.rotate_secret(
                subscription=row,
                overlap=timedelta(hours=hours),
                now=self.now,
                request_key=form_key(request, principal=self.principal),
            )
            secrets.append(secret)
            return Response({"id": row.pk, "secret": None})

        return _with_secret(self.run_once(request, work), secrets)


class SubscriptionTest(SubscriptionEndpoint):
    @openapi(
        name="test_webhook_subscription",
        tag=TAG,
        summary="Send the event webhook.test to one subscription",
        description="Sent within seconds if the subscription is active",
        answers={202: SubscriptionSerializer},
        problems=(problem_types.OBJECT_NOT_FOUND,),
        scope=Scope.WEBHOOKS_WRITE,
        requires_idempotency_key=True,
    )
    def post(self, request: Request, subscription_id: int) -> Response:
        def work(_attempt: Attempt) -> Response:
            row = self.find_subscription(subscription_id)
            subscriptions.send_test(subscription=row, now=self.now)
            enqueue(tasks.publish)
            return self.show(request, row, SubscriptionSerializer, status=202, **self.reader)

        return self.run_once(request, work)
