"""The pages of suppliers, under /en/supplier/ and /az/supplier/."""

from __future__ import annotations

from django.urls import path

from storefront.portal import purchase

urlpatterns = [
    # /en/supplier/FL-261124-7K3QX-1/<key>/: one purchase order, by its signed link
    path("<str:number>/<str:key>/", purchase.page, name="purchase"),
    path("<str:number>/<str:key>/answer/", purchase.answer, name="purchase_answer"),
    path("<str:number>/<str:key>/parcel/", purchase.parcel, name="purchase_parcel"),
    path("<str:number>/<str:key>/arrived/", purchase.arrived, name="purchase_arrived"),
    path("<str:number>/<str:key>/readdress/", purchase.readdress, name="purchase_readdress"),
    path("<str:number>/<str:key>/stop/", purchase.stop, name="purchase_stop"),
]
