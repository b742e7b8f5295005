"""API URLs: route the resources of version 1, the schema and the documentation."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularJSONAPIView

from storefront.api.core import docs
from storefront.api.core.views import NotFoundView
from storefront.api.customer.orders import OwnOrderDetail, OwnOrderList, OwnOrderTracking
from storefront.api.customer.profile import AddressDetail, AddressList, Consents, Profile
from storefront.api.customer.returns import OwnOrderReturns, OwnReturns
from storefront.api.merchant import routes as merchant
from storefront.api.merchant.events import docs_page
from storefront.api.onx.views import OnxEndpoint
from storefront.api.resources.availability import AvailabilityList
from storefront.api.resources.carts import (
    CartCodes,
    CartDetail,
    CartLineDetail,
    CartLines,
    CartList,
)
from storefront.api.resources.checkout import Checkout
from storefront.api.resources.competitor_prices import CompetitorPriceList
from storefront.api.resources.delivery_options import CartDelivery
from storefront.api.resources.oauth import AccessToken
from storefront.api.resources.orders import OrderCancel, OrderDetail, OrderPay, OrderTracking
from storefront.api.resources.products import CategoryList, ListingDetail, ListingList

ORDER = "v1/orders/<slug:number>/"
OWN_ORDER = "v1/me/orders/<slug:number>/"

urlpatterns = [
    # /api/v1/listings/: products for sale
    path("v1/categories/", CategoryList.as_view()),
    path("v1/listings/", ListingList.as_view()),
    path("v1/listings/<slug:slug>/", ListingDetail.as_view()),
    path("v1/availability/", AvailabilityList.as_view()),
    # /api/v1/cart/: the cart of the token in the Authorization header
    path("v1/carts/", CartList.as_view()),
    path("v1/cart/", CartDetail.as_view()),
    path("v1/cart/lines/", CartLines.as_view()),
    path("v1/cart/lines/<int:line_id>/", CartLineDetail.as_view()),
    path("v1/cart/codes/", CartCodes.as_view()),
    path("v1/cart/delivery/", CartDelivery.as_view()),
    path("v1/cart/checkout/", Checkout.as_view()),
    # /api/v1/orders/: one order, by the access key in the Authorization header
    path(ORDER, OrderDetail.as_view()),
    path(f"{ORDER}pay/", OrderPay.as_view()),
    path(f"{ORDER}cancel/", OrderCancel.as_view()),
    path(f"{ORDER}tracking/", OrderTracking.as_view()),
    # /api/v1/me/: the customer of the session
    path("v1/me/", Profile.as_view()),
    path("v1/me/addresses/", AddressList.as_view()),
    path("v1/me/addresses/<int:address_id>/", AddressDetail.as_view()),
    path("v1/me/consents/", Consents.as_view()),
    path("v1/me/orders/", OwnOrderList.as_view()),
    path(OWN_ORDER, OwnOrderDetail.as_view()),
    path(f"{OWN_ORDER}tracking/", OwnOrderTracking.as_view()),
    path(f"{OWN_ORDER}returns/", OwnOrderReturns.as_view()),
    path("v1/me/returns/", OwnReturns.as_view()),
    # /api/v1/competitor-prices/: competitor prices
    path("v1/competitor-prices/", CompetitorPriceList.as_view()),
    # /api/v1/admin/: the whole shop, for programs of the merchant with an API key
    path("v1/oauth/token/", AccessToken.as_view()),
    path("v1/admin/", include(merchant.routes)),
    # /api/v1/onx/: the tools of Order Network eXchange
    path("v1/onx/", OnxEndpoint.as_view()),
    # /api/docs/, /api/schema/: documentation
    path("docs/", docs.show, name="api-docs"),
    path("docs/webhooks/", docs_page.show, name="webhook-docs"),
    path("schema/", SpectacularJSONAPIView.as_view(), name="api-schema"),
    re_path("", NotFoundView.as_view()),
]
