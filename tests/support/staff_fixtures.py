"""Staff fixtures: a staff account, and a shop with all kinds of records."""

import math
from functools import partial

import pytest
import time_machine
from django.test import Client, RequestFactory

from catalog.listings import tasks as listing_tasks
from catalog.models import Listing
from catalog.price_books import tasks as price_book_tasks
from orders.cancellation import tasks as cancellation_tasks
from orders.claims import tasks as claim_tasks
from orders.payments import tasks as payment_tasks
from orders.purchasing import tasks as purchasing_tasks
from storefront.accounts.models import User
from storefront.identity import current
from suppliers.inventory import tasks as inventory_tasks
from suppliers.sync import tasks as sync_tasks
from tests.factories.full_shop import make_world
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support import database
from tests.support.module_world import module_world


@pytest.fixture
def noon():
    """Freeze time at noon, so that no staff session expires."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture(scope="module")
def _module_world(django_db_setup, django_db_blocker, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(current, "_cached", (math.inf, current.DEMONSTRATION))
        build = partial(database.fill_once, "shared world", lambda: make_world(patches))
        with module_world(django_db_blocker, folder, build):
            yield


@pytest.fixture
def shared_world(_module_world, monkeypatch):
    """Share one ``world`` between the tests of a module; roll back the changes of each test.

    Do not use it in a module with tests that commit (``transaction=True``).
    """
    connect(monkeypatch, ScriptedSupplier())
    return list(Listing.objects.order_by("pk"))


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("staff@fara.example", "a password"))
    return client


@pytest.fixture
def staff_request(db):
    """Return a request by a superuser, for the methods of admin classes."""
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("staff@fara.example", "a password")
    return request


@pytest.fixture
def started(monkeypatch):
    """Collect the tasks that are queued, instead of running them."""
    found = []
    for task in (
        price_book_tasks.run_dry_run,
        listing_tasks.reprice_due_channels,
        sync_tasks.sync_now,
        inventory_tasks.publish_pending,
        purchasing_tasks.submit,
        purchasing_tasks.create_purchase_orders,
        payment_tasks.execute_requests,
        cancellation_tasks.process_cancellation,
        claim_tasks.submit_claim,
        claim_tasks.look_up,
        claim_tasks.withdraw_claim,
        purchasing_tasks.look_up_for_staff,
    ):
        name = task.name.rpartition(".")[2]
        monkeypatch.setattr(task, "delay", lambda _name=name, **known: found.append((_name, known)))
    return found


@pytest.fixture
def client_factory():
    """Return the class of test clients, for clients of other users."""
    return Client
