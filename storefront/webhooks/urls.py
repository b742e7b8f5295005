"""Webhook URLs: route /hooks/<source>/."""

from django.urls import path

from storefront.webhooks import views

urlpatterns = [
    # /hooks/<source>/
    path("<slug:source>/", views.receive, name="hook"),
]
