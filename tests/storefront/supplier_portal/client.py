"""Portal client: open a supplier's pages and submit their forms as a browser does."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile

from orders.models import PurchaseOrder
from suppliers.portal_links import links
from tests.factories.shipping import make_sent_purchase_order
from tests.factories.suppliers import NOON, make_supplier

NUMBER = "JJD000390007882123456"


def path_of(purchase_order, subpath="", language="en"):
    return f"/{language}/supplier/{purchase_order.number}/{purchase_order.access_key}/{subpath}"


def post(client, purchase_order, subpath, **values):
    # Under no-referrer, browsers send no origin with a form.
    return client.post(path_of(purchase_order, subpath), values, headers={"Origin": "null"})


def answer(client, purchase_order, *words):
    lines = purchase_order.lines.order_by("pk")
    names = [f"line_{line.order_line_id}" for line in lines]
    return post(client, purchase_order, "answer/", **dict(zip(names, words, strict=True)))


def parcel(client, purchase_order, *units, number=NUMBER, carrier="DHL"):
    lines = purchase_order.lines.order_by("pk")
    names = [f"units_{line.order_line_id}" for line in lines]
    given = dict(zip(names, units, strict=False))
    return post(client, purchase_order, "parcel/", carrier=carrier, number=number, **given)


def fresh(purchase_order):
    return PurchaseOrder.objects.get(pk=purchase_order.pk)


# All orders of a supplier


def link_of(supplier):
    current = links.current_link(supplier)
    return links.portal_url(supplier, now=NOON) or links.create_link(
        supplier=supplier,
        former_id=current.pk if current else None,
        email="",
        actor="ann",
        now=NOON,
    )


def list_path(subpath="", language="en", supplier=None):
    path = link_of(supplier or make_supplier()).partition("/suppliers/")[2]
    return f"/{language}/suppliers/{path}{subpath}"


def of_other_supplier():
    """Make a submitted order of another supplier."""
    purchase_order = make_sent_purchase_order()
    PurchaseOrder.objects.filter(pk=purchase_order.pk).update(supplier=make_supplier("other"))
    return fresh(purchase_order)


def entries_on(response):
    """Return the number and the text of each order or row of a page."""
    items = re.findall(
        r'<li class="portal-order.*?</li>', response.content.decode(), flags=re.DOTALL
    )
    items = [re.sub(r"<label.*?</label>", "", item) for item in items]
    texts = [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]
    return [tuple(text.split(" ", 1)) for text in texts]


def numbers_on(response):
    return [number for number, _text in entries_on(response)]


def counts_on(response):
    chips = re.findall(r'<a class="chip".*?>(.*?)</a>', response.content.decode())
    return [re.sub(r"<[^>]+>", "", chip) for chip in chips]


def confirm(client, *purchase_orders, headers=None):
    numbers = [purchase_order.number for purchase_order in purchase_orders]
    return client.post(list_path("confirm/"), {"order": numbers}, headers={"Origin": "null"})


def upload(client, content, name="tracking.csv", path=None):
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    return client.post(path or list_path("upload/"), {"file": file}, headers={"Origin": "null"})


def texts_on(response):
    return [text for _number, text in entries_on(response)]
