"""Event routes: list the resources of events, webhook subscriptions and REST hooks."""

from django.urls import path

from storefront.api.merchant.events.deliveries import DeliveryList, SubscriptionReplay
from storefront.api.merchant.events.event_list import EventDetail, EventList
from storefront.api.merchant.events.hooks import HookDetail, HookList, HookSamples
from storefront.api.merchant.events.subscriptions import (
    SubscriptionDetail,
    SubscriptionList,
    SubscriptionRotate,
    SubscriptionTest,
)

SUBSCRIPTION = "webhook-subscriptions/<int:subscription_id>/"

routes = [
    path("events/", EventList.as_view()),
    path("events/<slug:event_id>/", EventDetail.as_view()),
    path("webhook-subscriptions/", SubscriptionList.as_view()),
    path(SUBSCRIPTION, SubscriptionDetail.as_view()),
    path(f"{SUBSCRIPTION}rotate/", SubscriptionRotate.as_view()),
    path(f"{SUBSCRIPTION}test/", SubscriptionTest.as_view()),
    path(f"{SUBSCRIPTION}replay/", SubscriptionReplay.as_view()),
    path(f"{SUBSCRIPTION}deliveries/", DeliveryList.as_view()),
    path("hooks/", HookList.as_view()),
    path("hooks/<int:hook_id>/", HookDetail.as_view()),
    path("hooks/samples/<str:event>/", HookSamples.as_view()),
]
