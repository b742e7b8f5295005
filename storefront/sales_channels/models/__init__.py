"""Sales channel models: export every model of the app."""

from storefront.sales_channels.models.connection import ChannelRun, Connection
from storefront.sales_channels.models.listings import (
    Drift,
    PendingChange,
    RemoteListing,
    RemoteProduct,
)
from storefront.sales_channels.models.orders import (
    OrderProblem,
    RemoteFulfillment,
    RemoteOrderRecord,
)

__all__ = [
    "ChannelRun",
    "Connection",
    "Drift",
    "OrderProblem",
    "PendingChange",
    "RemoteFulfillment",
    "RemoteListing",
    "RemoteOrderRecord",
    "RemoteProduct",
]
