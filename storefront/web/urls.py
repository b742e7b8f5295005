"""The pages of the shop, under /en/ and /az/."""

from __future__ import annotations

from django.urls import include, path

from storefront.web import (
    answering,
    browse,
    cart,
    checkout,
    codes,
    home,
    order,
    pages,
    paying,
    product,
    readdressing,
    returning,
    switches,
)

urlpatterns = [
    # /en/: the front
    path("", home.home, name="home"),
    # /en/c/headlamps/, /en/search/, /en/compare/: lists
    path("c/<slug:slug>/", browse.category, name="category"),
    path("search/", browse.search, name="search"),
    path("compare/", browse.compare, name="compare"),
    # /en/p/trail-400/: one light
    path("p/<slug:slug>/", product.product, name="product"),
    # /en/cart/
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.add, name="cart_add"),
    path("cart/change/", cart.change, name="cart_change"),
    path("cart/code/", codes.write, name="cart_code"),
    # /en/checkout/: address, delivery, pay and review
    path("checkout/", checkout.address, name="checkout"),
    path("checkout/delivery/", checkout.delivery, name="checkout_delivery"),
    path("checkout/review/", checkout.review, name="checkout_review"),
    path("checkout/place/", checkout.place, name="checkout_place"),
    # /en/orders/FL-…/<key>/: one order, by its signed link
    path("orders/", order.lookup, name="order_lookup"),
    path("orders/<str:number>/<str:key>/", order.order, name="order"),
    path("orders/<str:number>/<str:key>/pay/", paying.pay, name="order_pay"),
    path("orders/<str:number>/<str:key>/paid/", paying.pay_return, name="order_pay_return"),
    path("orders/<str:number>/<str:key>/cancel/", order.cancel, name="order_cancel"),
    path("orders/<str:number>/<str:key>/address/", readdressing.change, name="order_address"),
    path(
        "orders/<str:number>/<str:key>/setbacks/<int:setback>/",
        answering.answer,
        name="order_setback",
    ),
    path("orders/<str:number>/<str:key>/return/", returning.choose, name="order_return"),
    path(
        "orders/<str:number>/<str:key>/return/<str:name>/cancel/",
        returning.cancel,
        name="return_cancel",
    ),
    path(
        "orders/<str:number>/<str:key>/return/<str:name>/sent/", returning.sent, name="return_sent"
    ),
    path(
        "orders/<str:number>/<str:key>/return/<str:name>/answer/",
        returning.answer,
        name="return_answer",
    ),
    # /en/account/: for shoppers who want one
    path("account/", include("storefront.web.account_urls")),
    # /en/country/, /en/theme/: switches in the footer
    path("country/", switches.country, name="switch_country"),
    path("theme/", switches.theme, name="switch_theme"),
    # /en/info/delivery/: what the footer leads to
    path("info/<slug:name>/", pages.page, name="page"),
]
