"""The page on which a customer cancels does not wait for the supplier's answer."""

import threading

import pytest
from celery.app.task import Task
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from orders.cancellation import tasks
from orders.purchasing import submission, work_queue
from tests.e2e.ordering import sell_one, stock_the_shop, whole
from tests.factories.shipping import make_accepted_purchase_order
from tests.fakes.cj_sandbox import sandbox_process, sandbox_supplier

__all__ = ["sandbox_process", "sandbox_supplier"]

pytestmark = pytest.mark.django_db(transaction=True)

NOTED = "We received your cancellation request"
HANGS_S = 3


@pytest.fixture
def sent(sandbox_supplier):
    purchase_order = sell_one(stock_the_shop(sandbox_supplier))
    submission.submit(purchase_order=purchase_order, now=timezone.now())
    return whole(purchase_order)


def click(client, purchase_order):
    order = purchase_order.order
    path = f"/en/orders/{order.number}/{order.access_key}/cancel/"
    return client.post(path, follow=True).content.decode()


def test_hanging_supplier_slows_no_page(client, sandbox_supplier, sent):
    sandbox_supplier.fault("getOrderDetail", "slow", count=1, delay=HANGS_S)
    first = click(client, sent)

    def work():
        tasks.process_request(purchase_order_id=sent.pk)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    while whole(sent).submission_status != "cancellation_requested":
        pass
    second = click(client, sent)
    assert worker.is_alive()
    worker.join()
    path = f"/en/orders/{sent.order.number}/{sent.order.access_key}/?cancel=asked"
    answered = client.get(path).content.decode()

    assert NOTED in first
    assert NOTED in second
    assert "Yes, cancel order" not in second
    # The supplier has been paid, so no call can cancel the order.
    assert whole(sent).cancellation_channel == "staff"
    assert "We are asking the supplier to stop it." in answered


def test_request_is_stored_without_broker_and_found_by_a_sweep(client, monkeypatch):
    sent = make_accepted_purchase_order()

    def away(*_known, **_options):
        raise OperationalError("the broker is away")

    with monkeypatch.context() as outage:
        outage.setattr(Task, "apply_async", away)
        shown = click(client, sent)

    assert NOTED in shown
    assert whole(sent).submission_status == "accepted"
    started = []
    monkeypatch.setattr(tasks.process_request, "delay", lambda **known: started.append(known))
    tasks.sweep_cancellations()
    assert started == [{"purchase_order_id": sent.pk}]
    assert work_queue.to_cancel(now=timezone.now()).exists()
