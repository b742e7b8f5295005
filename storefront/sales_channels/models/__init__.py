"""Sales channel models: export every model of the app."""

from storefront.sales_channels.models.connection import ChannelRun, Connection
from storefront.sales_channels.models.listings import (
    Drift,
    PendingChange,
    RemoteListing,
    RemoteProduct,
)

__all__ = [
    "ChannelRun",
    "Connection",
    "Drift",
    "PendingChange",
    "RemoteListing",
    "RemoteProduct",
]
