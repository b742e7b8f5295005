"""Merchant API routes: list the resources below ``/api/v1/admin/``, in the order of the documentation."""

from django.urls import path

from storefront.api.merchant.catalog.suppliers import SupplierDetail, SupplierList, SupplierRunList

routes = [
    path("suppliers/", SupplierList.as_view()),
    path("suppliers/<int:supplier_id>/", SupplierDetail.as_view()),
    path("suppliers/<int:supplier_id>/runs/", SupplierRunList.as_view()),
]
