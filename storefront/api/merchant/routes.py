"""Merchant API routes: list the resources below ``/api/v1/admin/``, in the order of the documentation."""

from django.urls import path

from storefront.api.merchant.catalog.channels import AdminCategoryList, ChannelList
from storefront.api.merchant.catalog.listings import ListingDetail, ListingList, PriceExplanation
from storefront.api.merchant.catalog.products import ProductDetail, ProductList
from storefront.api.merchant.catalog.stock import LocationList, StockList
from storefront.api.merchant.catalog.suppliers import SupplierDetail, SupplierList, SupplierRunList
from storefront.api.merchant.catalog.variants import ProductVariants, VariantDetail, VariantList

routes = [
    path("products/", ProductList.as_view()),
    path("products/<int:product_id>/", ProductDetail.as_view()),
    path("products/<int:product_id>/variants/", ProductVariants.as_view()),
    path("variants/", VariantList.as_view()),
    path("variants/<int:variant_id>/", VariantDetail.as_view()),
    path("categories/", AdminCategoryList.as_view()),
    path("channels/", ChannelList.as_view()),
    path("listings/", ListingList.as_view()),
    path("listings/<int:listing_id>/", ListingDetail.as_view()),
    path("listings/<int:listing_id>/explanation/", PriceExplanation.as_view()),
    path("locations/", LocationList.as_view()),
    path("stock/", StockList.as_view()),
    path("suppliers/", SupplierList.as_view()),
    path("suppliers/<int:supplier_id>/", SupplierDetail.as_view()),
    path("suppliers/<int:supplier_id>/runs/", SupplierRunList.as_view()),
]
