"""Shop URLs: route the pages under /en/ and /az/."""

from django.urls import include, path

from storefront.web.account import messages
from storefront.web.cart import views as cart_views
from storefront.web.catalog import home, product, product_alerts, product_list, suggestions
from storefront.web.checkout import payment
from storefront.web.checkout import views as checkout_views
from storefront.web.content import contact, pages
from storefront.web.core import preferences
from storefront.web.core.visit import requires_open_shop
from storefront.web.orders import (
    address_change,
    backorder_choice,
    invoices,
    item_cancellation,
    lookup,
    parcel_choice,
)
from storefront.web.orders import messages as order_messages
from storefront.web.orders import views as order_views
from storefront.web.problems import views as problem_views
from storefront.web.returns import views as return_views

# /en/orders/FL-…/<key>/: one order, by its access key
order_patterns = [
    path("", order_views.order, name="order"),
    path("guarantees/<int:line_id>/", order_views.guarantee_terms, name="order_guarantee"),
    path("invoices/<str:document>/", invoices.invoice, name="order_invoice"),
    path("pay/", payment.pay, name="order_pay"),
    path("paid/", payment.pay_return, name="order_pay_return"),
    path("cancel/", order_views.cancel, name="order_cancel"),
    path("cancel/items/", item_cancellation.choose, name="order_cancel_items"),
    path("again/", requires_open_shop(order_views.again), name="order_again"),
    path("message/", order_messages.write, name="order_message"),
    path("address/", address_change.change, name="order_address"),
    path("backorders/<int:backorder>/", backorder_choice.choose, name="order_backorder"),
    path("parcels/<int:case_id>/", parcel_choice.choose, name="order_parcel"),
    path("return/", return_views.choose, name="order_return"),
    path("return/<str:name>/cancel/", return_views.cancel, name="return_cancel"),
    path("return/<str:name>/sent/", return_views.sent, name="return_sent"),
    path("return/<str:name>/label/", return_views.label, name="return_label"),
    path("return/<str:name>/answer/", return_views.answer, name="return_answer"),
    path("problems/", problem_views.choose, name="order_problems"),
    path("problems/<int:parcel>/<str:kind>/", problem_views.report, name="order_problem"),
    path("reports/<int:report>/withdraw/", problem_views.withdraw, name="problem_withdraw"),
    path("reports/<int:report>/arrived/", problem_views.arrived, name="problem_arrived"),
    path("reports/<int:report>/answer/", problem_views.answer, name="problem_answer"),
]
urlpatterns = [
    # /en/: home page
    path("", requires_open_shop(home.home), name="home"),
    # /en/c/headlamps/, /en/search/, /en/compare/: product lists; suggestions for the search field
    path("c/<slug:slug>/", requires_open_shop(product_list.category), name="category"),
    path("search/", requires_open_shop(product_list.search), name="search"),
    path("search/suggest/", requires_open_shop(suggestions.suggest), name="suggest"),
    path("compare/", requires_open_shop(product_list.compare), name="compare"),
    # /en/p/trail-400/: product page
    path("p/<slug:slug>/", requires_open_shop(product.product), name="product"),
    path("p/<slug:slug>/documents/<int:pk>/", product.document, name="product_document"),
    path("p/<slug:slug>/guarantee/", product.guarantee_terms, name="product_guarantee"),
    path("p/<slug:slug>/alert/", requires_open_shop(product_alerts.ask), name="product_alert"),
    # /en/alerts/<token>/: confirm or stop an alert, by the link of an e-mail
    path("alerts/<str:token>/", product_alerts.alert, name="alert"),
    # /en/cart/
    path("cart/", requires_open_shop(cart_views.cart), name="cart"),
    path("cart/add/", requires_open_shop(cart_views.add), name="cart_add"),
    path("cart/change/", requires_open_shop(cart_views.change), name="cart_change"),
    path("cart/delivery/", requires_open_shop(cart_views.choose_delivery), name="cart_delivery"),
    path("cart/code/", requires_open_shop(cart_views.edit_codes), name="cart_code"),
    # /en/checkout/: address, delivery, review and payment
    path("checkout/", requires_open_shop(checkout_views.address), name="checkout"),
    path(
        "checkout/delivery/", requires_open_shop(checkout_views.delivery), name="checkout_delivery"
    ),
    path("checkout/review/", requires_open_shop(checkout_views.review), name="checkout_review"),
    path("checkout/place/", requires_open_shop(checkout_views.place), name="checkout_place"),
    # /en/orders/: find an order
    path("orders/", lookup.lookup, name="order_lookup"),
    path("orders/<str:number>/<str:key>/", include(order_patterns)),
    # /en/messages/<token>/: which messages are sent, by the link of an e-mail
    path("messages/<str:token>/", messages.by_link, name="messages"),
    path("messages/<str:token>/stop/", messages.stop, name="messages_stop"),
    # /en/account/: customer accounts
    path("account/", include("storefront.web.account.urls")),
    # /en/country/, /en/theme/: preferences in the footer
    path("country/", preferences.country, name="switch_country"),
    path("theme/", preferences.theme, name="switch_theme"),
    # /en/info/delivery/: content pages
    path("info/contact/", contact.contact, name="contact"),
    path("info/<slug:name>/", pages.page, name="page"),
]
