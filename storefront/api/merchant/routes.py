"""Merchant API routes: list the resources below ``/api/v1/admin/``, in the order of the documentation."""

from django.urls import path

from storefront.api.merchant.catalog.channels import CategoryList, ChannelList
from storefront.api.merchant.catalog.images import ImageDetail, ProductImages
from storefront.api.merchant.catalog.jobs import (
    BulkPrices,
    BulkProducts,
    BulkStock,
    BulkVariants,
    JobDetail,
    JobRows,
)
from storefront.api.merchant.catalog.listings import (
    ListingDetail,
    ListingList,
    ListingPrice,
    PriceExplanation,
)
from storefront.api.merchant.catalog.products import ProductDetail, ProductList
from storefront.api.merchant.catalog.stock import LocationList, StockList
from storefront.api.merchant.catalog.suppliers import SupplierDetail, SupplierList, SupplierRunList
from storefront.api.merchant.catalog.variants import ProductVariants, VariantDetail, VariantList
from storefront.api.merchant.events import routes as events
from storefront.api.merchant.orders.customers import CustomerConsents, CustomerDetail, CustomerList
from storefront.api.merchant.orders.new_orders import OrderListAndCreation
from storefront.api.merchant.orders.notifications import OrderNotifications
from storefront.api.merchant.orders.order_changes import (
    OrderCancellation,
    OrderHold,
    OrderMessages,
    OrderRelease,
)
from storefront.api.merchant.orders.orders import OrderDetail, OrderStatusChanges
from storefront.api.merchant.orders.parcels import ParcelDelivery, ParcelDetail, ParcelList
from storefront.api.merchant.orders.purchase_orders import (
    PurchaseOrderDetail,
    PurchaseOrderList,
    PurchaseOrderParcels,
)
from storefront.api.merchant.orders.refunds import OrderRefunds, RefundDetail, RefundList
from storefront.api.merchant.orders.return_decisions import (
    ReturnApproval,
    ReturnInspection,
    ReturnReceipt,
    ReturnRefund,
    ReturnRejection,
)
from storefront.api.merchant.orders.returns import OrderReturns, ReturnDetail, ReturnList

ORDER = "orders/<slug:number>/"
PURCHASE_ORDER = "purchase-orders/<slug:number>/"
PARCEL = "parcels/<int:parcel_id>/"
RETURN = "returns/<slug:number>/"
CUSTOMER = "customers/<int:customer_id>/"

routes = [
    path("products/", ProductList.as_view()),
    path("products/<int:product_id>/", ProductDetail.as_view()),
    path("products/<int:product_id>/variants/", ProductVariants.as_view()),
    path("products/<int:product_id>/images/", ProductImages.as_view()),
    path("images/<int:image_id>/", ImageDetail.as_view()),
    path("variants/", VariantList.as_view()),
    path("variants/<int:variant_id>/", VariantDetail.as_view()),
    path("categories/", CategoryList.as_view()),
    path("channels/", ChannelList.as_view()),
    path("listings/", ListingList.as_view()),
    path("listings/<int:listing_id>/", ListingDetail.as_view()),
    path("listings/<int:listing_id>/price/", ListingPrice.as_view()),
    path("listings/<int:listing_id>/explanation/", PriceExplanation.as_view()),
    path("locations/", LocationList.as_view()),
    path("stock/", StockList.as_view()),
    path("bulk/products/", BulkProducts.as_view()),
    path("bulk/variants/", BulkVariants.as_view()),
    path("bulk/prices/", BulkPrices.as_view()),
    path("bulk/stock/", BulkStock.as_view()),
    path("jobs/<int:job_id>/", JobDetail.as_view()),
    path("jobs/<int:job_id>/rows/", JobRows.as_view()),
    path("suppliers/", SupplierList.as_view()),
    path("suppliers/<int:supplier_id>/", SupplierDetail.as_view()),
    path("suppliers/<int:supplier_id>/runs/", SupplierRunList.as_view()),
    path("orders/", OrderListAndCreation.as_view()),
    path(ORDER, OrderDetail.as_view()),
    path(f"{ORDER}status-changes/", OrderStatusChanges.as_view()),
    path(f"{ORDER}cancel/", OrderCancellation.as_view()),
    path(f"{ORDER}hold/", OrderHold.as_view()),
    path(f"{ORDER}release/", OrderRelease.as_view()),
    path(f"{ORDER}refunds/", OrderRefunds.as_view()),
    path(f"{ORDER}returns/", OrderReturns.as_view()),
    path(f"{ORDER}messages/", OrderMessages.as_view()),
    path(f"{ORDER}notifications/", OrderNotifications.as_view()),
    path("purchase-orders/", PurchaseOrderList.as_view()),
    path(PURCHASE_ORDER, PurchaseOrderDetail.as_view()),
    path(f"{PURCHASE_ORDER}parcels/", PurchaseOrderParcels.as_view()),
    path("parcels/", ParcelList.as_view()),
    path(PARCEL, ParcelDetail.as_view()),
    path(f"{PARCEL}deliver/", ParcelDelivery.as_view()),
    path("returns/", ReturnList.as_view()),
    path(RETURN, ReturnDetail.as_view()),
    path(f"{RETURN}approve/", ReturnApproval.as_view()),
    path(f"{RETURN}reject/", ReturnRejection.as_view()),
    path(f"{RETURN}receive/", ReturnReceipt.as_view()),
    path(f"{RETURN}inspect/", ReturnInspection.as_view()),
    path(f"{RETURN}refund/", ReturnRefund.as_view()),
    path("refunds/", RefundList.as_view()),
    path("refunds/<int:refund_id>/", RefundDetail.as_view()),
    path("customers/", CustomerList.as_view()),
    path(CUSTOMER, CustomerDetail.as_view()),
    path(f"{CUSTOMER}consents/", CustomerConsents.as_view()),
    *events.routes,
]
