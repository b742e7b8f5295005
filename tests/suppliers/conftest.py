"""A shop with categories and prices, an in-memory supplier, and one that uploads price lists."""

from contextlib import ExitStack

import pytest

from storefront.dev.sandboxes import in_memory_supplier
from tests.factories.feeds import NOON, make_feed_supplier, make_shop, stock_world, sync
from tests.factories.suppliers import make_supplier
from tests.fakes.bigbuy_sandbox import bigbuy_process, bigbuy_sandbox
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier
from tests.fakes.feed_sandbox import feed_process, feed_sandbox
from tests.support.module_world import NO_REDIS, module_world

__all__ = ["bigbuy_process", "bigbuy_sandbox", "feed_process", "feed_sandbox"]
__all__ += ["sandbox_process", "sandbox_supplier"]


HEAD = "SKU,EAN,Name,Brand,Price,Stock,MOQ,Group\n"
FIELDS = {
    "sku": "SKU", "gtin": "EAN", "title": "Name", "brand": "Brand", "cost": "Price",
    "stock": "Stock", "minimum": "MOQ", "parent": "Group",
}  # fmt: skip


@pytest.fixture
def shop(db):
    """A channel in euros that sells products with costs in dollars."""
    return make_shop()


@pytest.fixture
def world(settings):
    """The data of the in-memory supplier; Redis is down, so the rate limit is local."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    in_memory_supplier.reset_data()
    yield in_memory_supplier.data_at("http://fake.example")
    in_memory_supplier.reset_data()


@pytest.fixture
def supplier(shop, world):
    return make_feed_supplier()


@pytest.fixture
def known(supplier, world):
    """A supplier whose products P1 to P5 were imported at noon, each with one SKU."""
    stock_world(world, 5)
    sync(supplier)
    world.asked.clear()
    return supplier


@pytest.fixture
def wholesaler(shop, settings):
    """A supplier with uploaded lists, and the function that uploads one."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    supplier = make_supplier(code="bulk", adapter="feed", base_url="")
    fields = {name: {"column": column} for name, column in FIELDS.items()}
    mapping = {"fields": fields, "location": "DE1", "country": "DE"}
    wire = supplier.connection
    wire.options = {"via": "upload", "products_at": "feed", "mapping": mapping}
    wire.save()
    folder = settings.FEEDS_ROOT / "bulk" / "uploads"
    folder.mkdir(parents=True)
    supplier.folder = folder
    supplier.put = lambda *rows: (folder / "feed").write_text(HEAD + "\n".join(rows) + "\n")

    def read(*rows, now=NOON):
        """Upload these rows, or keep the file; return the runs that read its prices and stock."""
        if rows:
            supplier.put(*rows)
        return [sync(supplier, kind, now=now) for kind in ("prices", "stock")]

    supplier.read = read
    return supplier


@pytest.fixture
def feeds_folder(settings):
    """The folder of fetched files; Redis is down, so the rate limit is local."""
    settings.REDIS_URL = NO_REDIS
    return settings.FEEDS_ROOT


@pytest.fixture(scope="module")
def build_once(django_db_setup, django_db_blocker, tmp_path_factory):
    """Return a function that builds rows and files for all tests of a module, in a folder.

    For modules without ``django_db(transaction=True)``; ``copy_feeds`` gives a test the files.
    """
    with ExitStack() as worlds:

        def build(make):
            folder = tmp_path_factory.mktemp("world")
            world = module_world(
                django_db_blocker, folder, lambda: make(folder), REDIS_URL=NO_REDIS
            )
            worlds.enter_context(world)
            return folder

        yield build
