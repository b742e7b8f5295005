"""Cost rights: name the tables and fields that only staff with ``view_costs`` see. Pure.

Costs, fees, margins and the names of suppliers are one secret: a name tells where the shop buys.
"""

VIEW_COSTS = "orders.view_costs"
# All rows of these apps and tables show costs or suppliers, so that no permission on them counts
# without VIEW_COSTS.
COST_APPS = frozenset({"suppliers"})
OPEN_TABLES = frozenset({"suppliers.catalogimport"})  # staff also import files of our own
COST_TABLES = frozenset(
    {
        "api.apikey",  # a key may have the scope of costs
        "catalog.bulkeditrow",
        "catalog.pricebook",
        "catalog.pricechange",
        "catalog.pricehold",
        "catalog.pricerule",
        "catalog.sellingcosts",
        "dashboard.invariantviolation",
        "dashboard.settlingrule",
        "dashboard.settlingrun",
        "events.webhooksubscription",  # its receiver learns of suppliers
        "hooks.inboundwebhook",
        "hooks.suppliersecret",
        "lib.auditevent",
        "notifications.event",
        "orders.allocation",
        "orders.canceledshipmentdecision",
        "orders.discrepancy",
        "orders.discrepancyobservation",
        "orders.erasurerequest",
        "orders.purchasedocument",
        "orders.purchasemessage",
        "orders.reconciliationrun",
        "orders.returnpolicy",
        "orders.routingrules",
        "orders.supplierclaim",
        "orders.supplierclaimline",
        "orders.supplierinvoice",
        "orders.supplierpayment",
        "orders.supplierreturn",
        "orders.supplierreturnline",
        "shipping.liveratelocation",
        "shipping.routetransit",
    }
)
# Fields of other tables: by name, or by table and name.
COST_FIELDS = frozenset(
    {
        "agreed_cost_amount",
        "break_even_amount",
        "cost_amount",
        "cost_currency",
        "cost_rate",
        "fees_amount",
        "floor_amount",
        "freight_amount",
        "freight_currency",
        "landed_amount",
        "ordered_cost_amount",
        "ordered_cost_currency",
        "routing_decision",
        "supplier_code",
        "supplier_reference",
        "wholesale_amount",
        "wholesale_currency",
        "catalog.fieldchange.source",
        "catalog.spec.sources",
        "events.pendingevent.facts",
        "events.publicevent.data",
        "lib.statuschange.actor",  # or a supplier
        "lib.statuschange.reason",
    }
)


def needs_costs(right: str) -> bool:
    """Return whether a permission, such as ``suppliers.view_supplier``, needs VIEW_COSTS too."""
    app, _separator, codename = right.partition(".")
    return is_cost_table(app, codename.rpartition("_")[2])


def is_cost_table(app: str, table: str) -> bool:
    name = f"{app}.{table}"
    return name in COST_TABLES or (app in COST_APPS and name not in OPEN_TABLES)


def is_cost_field(app: str, table: str, field: str) -> bool:
    return field in COST_FIELDS or f"{app}.{table}.{field}" in COST_FIELDS
