"""Product feed URLs: route the address that readers fetch."""

from django.urls import re_path

from storefront.product_feeds import views

urlpatterns = [
    # /feeds/<key>.xml: the products of a channel for Google, Meta, Microsoft, marketplaces
    re_path(r"^(?P<key>[\w-]{22})\.(?P<file_type>xml|tsv|csv)$", views.show, name="product-feed"),
]
