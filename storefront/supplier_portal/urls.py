"""Portal URLs: route the supplier pages under /en/supplier/ and /az/supplier/."""

from django.urls import path

from storefront.supplier_portal import views

urlpatterns = [
    # /en/supplier/FL-261124-7K3QX-1/<key>/: one purchase order, by its access key
    path("<str:number>/<str:key>/", views.page, name="purchase"),
    path("<str:number>/<str:key>/answer/", views.answer, name="purchase_answer"),
    path("<str:number>/<str:key>/parcel/", views.parcel, name="purchase_parcel"),
    path("<str:number>/<str:key>/arrived/", views.arrived, name="purchase_arrived"),
    path(
        "<str:number>/<str:key>/readdress/", views.answer_address_change, name="purchase_readdress"
    ),
    path("<str:number>/<str:key>/stop/", views.stop, name="purchase_stop"),
]
