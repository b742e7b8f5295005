"""Portal URLs: route the supplier pages, below the prefix of each language of suppliers."""

from django.urls import URLPattern, URLResolver, include, path

from storefront.supplier_portal import list_views, views

order_pages = [
    path("", views.page, name="purchase"),
    path("answer/", views.answer),
    path("parcel/", views.parcel),
    path("arrived/", views.arrived),
    path("document/", views.document),
    path("readdress/", views.answer_address_change),
    path("stop/", views.stop),
]
list_pages: list[URLPattern | URLResolver] = [
    path("", list_views.show, name="supplier_orders"),
    path("confirm/", list_views.confirm),
    path("upload/", list_views.upload),
    path("orders.csv", list_views.download),
    # /en/suppliers/lumen/<key>/FL-261124-7K3QX-1/: one of them, as below
    path("<str:number>/", include(order_pages)),
]

urlpatterns = [
    # /en/supplier/FL-261124-7K3QX-1/<key>/: one purchase order, by its access key
    path("supplier/<str:number>/<str:key>/", include(order_pages)),
    # /en/suppliers/lumen/<key>/: all orders of a supplier, by the key of its link
    path("suppliers/<slug:code>/<str:key>/", include(list_pages)),
]
