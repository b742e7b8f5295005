"""Portal client: submit the forms of a supplier's page as a browser does."""

from orders.models import PurchaseOrder

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
