"""Contract subjects: for each connector its sandbox, its calls and its faults.

Add a new connector as one entry in ``SUBJECTS``. A connector that orders in two ways has two
entries; the second is ``like`` the first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY as BIGBUY_KEY
from storefront.dev.sandboxes.cj.state import DEFAULT_KEY
from storefront.dev.sandboxes.onx.state import DEFAULT_KEY as ONX_KEY
from suppliers.connectors import connector_class
from suppliers.connectors.capabilities import Capability
from tests.fakes.bigbuy_sandbox import OPTIONS as BIGBUY_OPTIONS
from tests.fakes.feed_sandbox import table_mapping
from tests.fakes.sandbox_process import SandboxProcess
from tests.fakes.sftp_server import PASSWORD, USER
from tests.suppliers.connectors.contract import supplier_ledgers
from tests.suppliers.connectors.contract.sftp_supplier import (
    FAULTS_OF_SFTP,
    HOST_KEY,
    SLOW_S,
    SftpSandbox,
)
from tests.suppliers.connectors.contract.supplier_ledgers import COUNT, SEED

FEED_TOKEN = "feed-sandbox-0123456789"  # as in the file's address
# The faults that every sandbox can simulate.
FAULTS = (
    "500", "429", "slow", "trickle", "drop_before", "drop_after", "garbage", "truncated",
    "empty", "huge", "gzip_bomb", "redirect",
)  # fmt: skip
# Lost answers and temporary rejections: each step with an effect must survive them.
LOSSES = (
    "500", "429", "soft_500", "slow", "drop_before", "drop_after", "garbage", "truncated",
)  # fmt: skip


class Sandbox(SandboxProcess):
    """A running sandbox, with few products and no limits by default."""

    def __init__(self, *, module, folder, words):
        super().__init__(folder=folder, words=("--count", str(COUNT), *words))
        self.module = module

    def reset(self):
        super().reset()
        self.control("faults/clear", {})


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One connector, and what the tests need to know of its sandbox."""

    connector: str
    # A subject that is ``like`` another uses its sandbox; only its own ``paths`` are tested.
    like: str = ""
    module: str = ""
    path: str = "/"
    words: tuple[str, ...] = ()
    currency: str = "USD"
    secrets: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    # The arguments with which the sandbox enforces its limits, and the matching options.
    strict: tuple[str, ...] = ()
    strict_options: Mapping[str, Any] = field(default_factory=dict)
    # The calls of each capability, where faults are injected; the last call of claims opens one.
    paths: Mapping[Capability, tuple[str, ...]]
    # The first call of each sync job.
    lists: Mapping[str, str]
    # SKU: product, for all items of the sandbox.
    goods: Callable[[Sandbox], Mapping[str, str]]
    # (our number, {SKU: units}), for all orders in the sandbox.
    orders: Callable[[Any], list[tuple[str, dict[str, int]]]]
    # Whether an order is accepted or rejected at once, not by a person.
    validates_orders: bool = True
    faults: tuple[str, ...] = FAULTS
    # A call has timed out after this time.
    late_s: float = 1.5
    # Our balance plus the cost of all orders: constant while each order is paid once.
    money: Callable[[Any], Decimal] = lambda _: Decimal(0)
    # An order whose call at this path fails is half-placed and can be canceled; if empty, orders
    # are placed in one step.
    interrupted_at: str = ""
    # Marks the order with this number as delivered.
    deliver: Callable[[Any, str], None] = lambda *_: None
    # Our number: status, for all claims in the sandbox.
    claims: Callable[[Any], Mapping[str, str]] = lambda _: {}
    # Grants a refund for the claim with this number of the supplier.
    refund: Callable[[Any, str], None] = lambda *_: None
    claim_cancel_path: str = ""

    def start(self, folder: Path, *, is_strict: bool = False) -> Sandbox:
        words = self.words + (self.strict if is_strict else ())
        return Sandbox(module=self.module, folder=folder, words=words).start()

    def address(self, sandbox: Sandbox) -> str:
        return sandbox.url + self.path


CJ = Subject(
    connector="cj",
    module="storefront.dev.sandboxes.cj",
    path="/api2.0/v1/",
    words=("--qps", "0"),
    secrets={"api_key": DEFAULT_KEY},
    strict=("--points", "2000"),
    strict_options={"points_per_day": 2000},
    paths={
        Capability.CATALOG: ("product/listV2", "product/query"),
        Capability.STOCK_AND_PRICE: ("product/stock/getInventoryByPid", "product/variant/query"),
        Capability.FREIGHT: ("logistic/freightCalculate",),
        Capability.ORDER_PLACING: ("shopping/order/createOrderV2",),
        Capability.ORDER_READING: ("shopping/order/getOrderDetail", "shopping/order/list"),
        Capability.TRACKING: ("shopping/order/getOrderDetailBatch", "logistic/trackInfo"),
        Capability.BALANCE: ("shopping/pay/getBalance",),
        Capability.CHARGING: ("shopping/order/list",),
        Capability.CLAIMS: (
            "disputes/getDisputeList",
            "disputes/getDisputeDetail",
            "disputes/disputeProducts",
            "disputes/disputeConfirmInfo",
            "disputes/create",
        ),
    },
    lists=dict.fromkeys(("products", "prices", "stock"), "product/listV2"),
    goods=supplier_ledgers.goods_at_cj,
    orders=supplier_ledgers.orders_at_cj,
    money=supplier_ledgers.money_at_cj,
    deliver=supplier_ledgers.deliver_at_cj,
    claims=supplier_ledgers.claims_at_cj,
    refund=supplier_ledgers.refund_at_cj,
    claim_cancel_path="disputes/cancel",
)

# CJ again, but we confirm and pay each order step by step.
CJ_STAGED = replace(
    CJ,
    like="cj",
    options={"payment": "staged"},
    paths={
        Capability.ORDER_PLACING: (
            "shopping/order/createOrderV2",
            "shopping/order/addCart",
            "shopping/order/addCartConfirm",
            "shopping/order/saveGenerateParentOrder",
            "shopping/pay/payBalanceV2",
            "shopping/order/getOrderDetail",
        ),
        Capability.ORDER_READING: (),
        Capability.CANCELLATION: ("shopping/order/getOrderDetail", "shopping/order/deleteOrder"),
    },
    faults=LOSSES,
    interrupted_at="shopping/order/addCartConfirm",
)


BIGBUY = Subject(
    connector="bigbuy",
    module="storefront.dev.sandboxes.bigbuy",
    path="/rest/",
    words=("--hour", "0", "--second", "0"),
    currency="EUR",
    secrets={"api_key": BIGBUY_KEY},
    options={**BIGBUY_OPTIONS, "only_in_stock": False},
    strict=("--hour", "3600"),
    paths={
        Capability.CATALOG: (
            "catalog/products",
            "catalog/productsinformation",
            "catalog/productsimages",
            "catalog/productsvariations",
            "catalog/taxonomies",
        ),
        Capability.STOCK_AND_PRICE: (
            "catalog/productsstockbyhandlingdays",
            "catalog/productsvariationsstockbyhandlingdays",
            "catalog/productprices",
            "catalog/productvariationprices",
        ),
        Capability.FREIGHT: ("shipping/orders",),
        Capability.ORDER_VALIDATION: ("order/check",),
        Capability.ORDER_PLACING: ("order/check", "order/create"),
        Capability.ORDER_READING: ("order/reference/{number}",),
        Capability.TRACKING: ("tracking/orders", "tracking/carriers", "order/{reference}"),
        Capability.BALANCE: ("user/purse",),
    },
    lists={
        "products": "catalog/products",
        "prices": "catalog/productprices",
        "stock": "catalog/productsstockbyhandlingdays",
    },
    goods=supplier_ledgers.goods_at_bigbuy,
    orders=supplier_ledgers.orders_at_bigbuy,
    money=supplier_ledgers.money_at_bigbuy,
    deliver=supplier_ledgers.deliver_at_bigbuy,
)


FEED = Subject(
    connector="feed",
    module="storefront.dev.sandboxes.feeds",
    words=("--token", FEED_TOKEN),
    currency="EUR",
    secrets={"token": FEED_TOKEN},
    options={
        "products_at": "/full.csv?key={token}",
        "mapping": table_mapping(),
        "orders_to": "orders@wholesaler.example",
    },
    paths={Capability.CATALOG: ("/full.csv",), Capability.STOCK_AND_PRICE: ("/full.csv",)},
    lists=dict.fromkeys(("products", "prices", "stock"), "/full.csv"),
    goods=supplier_ledgers.goods_in_files,
    orders=supplier_ledgers.emailed_orders,
    validates_orders=False,
)


class SftpSubject(Subject):
    """A feed whose files and orders are on an SFTP server."""

    def start(self, folder: Path, *, is_strict: bool = False) -> SftpSandbox:
        del is_strict  # it has no limits
        return SftpSandbox(folder, count=COUNT, seed=SEED).start()


FEED_BY_SFTP = SftpSubject(
    connector="feed",
    currency="EUR",
    secrets={"user": USER, "password": PASSWORD},
    options={
        "via": "sftp",
        "host_key": HOST_KEY,
        "products_at": "full.csv",
        "mapping": table_mapping(),
        "orders_by": "sftp",
        "orders_to": "orders",
    },
    paths={
        Capability.CATALOG: ("stat", "open", "read"),
        Capability.STOCK_AND_PRICE: ("stat", "open", "read"),
        Capability.ORDER_PLACING: ("list", "open", "write", "rename"),
        Capability.ORDER_READING: ("list",),
    },
    lists=dict.fromkeys(("products", "prices", "stock"), "stat"),
    goods=supplier_ledgers.goods_in_files,
    orders=lambda opened: opened.sandbox.orders(),
    validates_orders=False,
    faults=FAULTS_OF_SFTP,
    late_s=SLOW_S,
)

ONX = Subject(
    connector="onx",
    module="storefront.dev.sandboxes.onx",
    path="/mcp",
    words=("--sessions",),
    secrets={"token": ONX_KEY},
    options={"warehouse_country": "CN"},
    # Each is a tool: all are called at one path.
    paths={
        Capability.CATALOG: ("get-products", "get-product-variants"),
        Capability.STOCK_AND_PRICE: ("get-inventory", "get-product-variants"),
        Capability.ORDER_PLACING: ("get-orders", "create-sales-order"),
        Capability.ORDER_READING: ("get-orders", "get-fulfillments"),
        Capability.CANCELLATION: ("get-orders", "cancel-order"),
        Capability.TRACKING: ("get-orders", "get-fulfillments"),
    },
    lists={
        "products": "get-products",
        "prices": "get-product-variants",
        "stock": "get-inventory",
    },
    goods=supplier_ledgers.goods_at_onx,
    orders=supplier_ledgers.orders_at_onx,
    deliver=supplier_ledgers.deliver_at_onx,
)

SUBJECTS: dict[str, Subject] = {
    "bigbuy": BIGBUY,
    "cj": CJ,
    "cj-staged": CJ_STAGED,
    "feed": FEED,
    "feed-sftp": FEED_BY_SFTP,
    "onx": ONX,
}


def connector_of(name: str) -> Any:
    """Return the connector class of this subject."""
    return connector_class(SUBJECTS[name].connector)
