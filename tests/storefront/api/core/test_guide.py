"""Guide of the API: its programs run as printed on the page."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from catalog.models import Listing, Product
from storefront.api.merchant.catalog import bulk
from storefront.api.models import BulkJob
from suppliers.models import Connection, StockLevel
from tests.factories.api import make_api_key
from tests.factories.catalog import make_product, make_variant
from tests.factories.priced_shop import stock_shop
from tests.factories.suppliers import make_level, make_offer

pytestmark = pytest.mark.django_db(transaction=True)
GUIDE = Path(settings.BASE_DIR) / "storefront/api/templates/api/guide"


@pytest.fixture
def run(live_server, settings):
    """Run a program of the guide against the shop; return what it prints."""
    settings.PUBLIC_URL = live_server.url
    environment = {"FARA_URL": live_server.url, "FARA_KEY": make_api_key(), "PATH": "/usr/bin:/bin"}

    def start(command, name, **more):
        text = (GUIDE / name).read_text()
        done = subprocess.run(
            command,
            input=text,
            env=environment | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return start


def test_curl(run):
    level = make_level(make_offer(make_variant(sku="HL-0042")), quantity=5)
    Connection.objects.update(base_url="")

    printed = run(["bash", "-e"], "curl.txt", LOCATION_ID=str(level.location_id))

    assert '"sku":"HL-0042"' in printed
    assert StockLevel.objects.get().reported_quantity == 12


def test_python(run):
    stock_shop("10.00", "11.00")

    printed = run([sys.executable, "-"], "python.txt")

    assert printed.splitlines()[-1] == "applied"
    assert Listing.objects.latest("pk").price_amount == 49


@pytest.fixture
def sweep():
    """Do the jobs that wait, twice a second, as beat and a worker would."""
    is_over = threading.Event()

    def work():
        while not is_over.wait(0.5):
            for job in BulkJob.objects.filter(completed_at=None):
                bulk.continue_job(job.pk, now=timezone.now())
        connection.close()

    sweeper = threading.Thread(target=work)
    sweeper.start()
    yield
    is_over.set()
    sweeper.join()


@pytest.mark.usefixtures("sweep")
def test_javascript(run):
    product = make_product()

    printed = run(
        ["node", "--input-type=module", "-"], "javascript.txt", PRODUCT_ID=str(product.pk)
    )

    assert printed == "1 0\n"
    assert Product.objects.get().title == "Ridge 2000"
