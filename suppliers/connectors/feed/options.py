"""Feed options: define the settings of a connection to a feed and the secrets it may need."""

from enum import StrEnum
from typing import Any

import msgspec

from suppliers.connectors.context import Secret
from suppliers.connectors.feed.mapping.spec import Mapping


class FetchMethod(StrEnum):
    HTTPS = "https"
    SFTP = "sftp"
    UPLOAD = "upload"


class OrderChannel(StrEnum):
    EMAIL = "email"
    SFTP = "sftp"


class Content(StrEnum):
    PRODUCTS = "products"
    PRICES = "prices"
    STOCK = "stock"


class Options(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """The settings of a connection to a feed.

    Shape:  ``…_at`` is a path or URL below the connection's address, a path on the SFTP server,
            or the name of an uploaded file. ``prices_at`` and ``stock_at`` are empty if the
            products file has prices and stock. The mappings are the active versions; instead of
            an empty one, the mapping of the products applies. ``orders_to`` is an e-mail address,
            or a folder on the SFTP server; ``questions_to`` is an e-mail address, required if
            orders go as files
    """

    via: FetchMethod = FetchMethod.HTTPS
    products_at: str = ""
    prices_at: str = ""
    stock_at: str = ""
    mapping: dict[str, Any] = {}
    prices_mapping: dict[str, Any] = {}
    stock_mapping: dict[str, Any] = {}
    host_key: str = ""
    orders_by: OrderChannel = OrderChannel.EMAIL
    orders_to: str = ""
    questions_to: str = ""

    @property
    def needs_address(self) -> bool:
        return self.via != FetchMethod.UPLOAD

    def at(self, content: Content) -> str:
        """Return the location of the file with this content; by default the products file's."""
        return self._own_file(content) or self.products_at

    def file_of(self, content: Content) -> Content:
        return content if self._own_file(content) else Content.PRODUCTS

    def _own_file(self, content: Content) -> str:
        return {Content.PRICES: self.prices_at, Content.STOCK: self.stock_at}.get(content, "")

    def mapping_of(self, content: Content) -> Mapping:
        """Return the mapping of the file with this content. Raises PermanentError."""
        own = {Content.PRICES: self.prices_mapping, Content.STOCK: self.stock_mapping}.get(
            self.file_of(content), {}
        )
        return Mapping.read(own or self.mapping)


SECRETS = (
    Secret(name="user", label="User", is_required=False),
    Secret(name="password", label="Password", is_required=False),
    Secret(name="token", label="Token in the address ({token})", is_required=False),
    Secret(
        name="private_key", label="SFTP private key (OpenSSH)", is_required=False, is_multiline=True
    ),
)
