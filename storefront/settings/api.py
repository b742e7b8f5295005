"""API settings: configure Django REST framework and the OpenAPI schema."""

from typing import Any

# Rate limits are in storefront/api/core/throttles.py.
REST: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "storefront.api.core.exception_handler.handle_exception",
    "UNAUTHENTICATED_USER": None,
}
DESCRIPTION: dict[str, Any] = {
    "TITLE": "Fara API",
    "DESCRIPTION": "Shop: listings, carts, checkout, orders, tracking. Merchant: products,"
    " prices, stock, suppliers and orders of the whole shop.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]",
    "COMPONENT_SPLIT_REQUEST": True,  # an optional request field is always present in responses
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "storefront.api.merchant.events.webhook_schemas.add_webhooks",
        "storefront.api.core.docs.add_examples",
        "storefront.api.core.schema.add_links",
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            name: {"type": "http", "scheme": "bearer", "description": words}
            for name, words in (
                ("CartToken", "The token of a cart, returned by create_cart."),
                ("OrderKey", "The access key of an order, returned by create_storefront_order."),
                ("ApiKey", "A key that staff create for a program, with the scopes it needs."),
            )
        }
        | {
            "CustomerSession": {
                "type": "apiKey",
                "in": "cookie",
                "name": "sessionid",
                "description": "The session of a customer who signed in on the website."
                " In production, its name is __Host-sessionid.",
            },
            "OAuth": {
                "type": "oauth2",
                "description": "For programs that need OAuth 2.0: the client ID is the prefix of"
                " an API key, the client secret the key.",
                "flows": {"clientCredentials": {"tokenUrl": "/api/v1/oauth/token/", "scopes": {}}},
            },
        }
    },
    "SORT_OPERATIONS": False,  # in the order of the routes
    "ENUM_NAME_OVERRIDES": {
        "IdentifierStatus": "catalog.models.Identifier.State",
        "ProductStatus": "catalog.models.Product.Status",
        "SupplierStatus": "suppliers.models.Supplier.Status",
        "SyncRunStatus": "suppliers.models.SyncRun.Status",
        "VariantStatus": "catalog.models.Variant.Status",
        "SubscribableType": "storefront.api.merchant.events.subscriptions.TYPES",
        "OrderStatus": "orders.models.Order.Status",
        "ParcelStatus": "shipping.models.Parcel.Status",
        "ParcelResolution": "shipping.models.Parcel.Resolution",
        "CarrierStatus": "shipping.models.Parcel.CarrierStatus",
        "PurchaseOrderStatus": "orders.models.PurchaseOrder.Status",
        "PaymentStatus": "orders.models.Payment.Status",
        "ReturnStatus": "orders.models.ReturnAuthorization.Status",
        "ReturnKind": "orders.models.ReturnAuthorization.Kind",
        "RefundStatus": "storefront.api.merchant.orders.refunds.STATUSES",
        "NotificationStatus": "notifications.models.Message.Status",
        "ConsentKind": "storefront.api.resources.consents.KINDS",
    },
}
