"""Simulation runner: run the same days with the real shop and simple shops, in one mode.

The mode is the moment at which the supplier subtracts the shop's orders from its stock.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from orders.models import Allocation
from storefront.dev.simulation.engine import Score, Shop, SimulationRun
from storefront.dev.simulation.policies import SIMPLE, SimpleShop
from storefront.dev.simulation.scenario import Script
from storefront.dev.simulation.shop_under_test import RealShop
from storefront.dev.simulation.supplier_model import Warehouse
from suppliers.models import StockDecrement

EXPORT_S, DELAY_S = 900.0, 240.0
OURS = "Fara"


def run(
    *, mode: str, configured: str, script: Script, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Return one record per shop, the real shop first."""
    ours = RealShop(name=f"{mode[:4]}-{configured[:4]}", skus=script.skus, configured=configured)
    shops: dict[str, Shop] = {OURS: ours, **{name: SimpleShop(name) for name in SIMPLE}}
    records = []
    for name, shop in shops.items():
        began = time.perf_counter()
        score = _simulate(script, shop, mode)
        record = {
            "mode": mode,
            "configured": configured,
            "shop": name,
            "orders": script.orders,
            "seed": script.seed,
            **_figures(score),
            "seconds": round(time.perf_counter() - began, 1),
        }
        if shop is ours:
            record |= _learned(ours)
        records.append(record)
        say(f"{mode}: {name} simulated in {record['seconds']} s")
    return records


def _simulate(script: Script, shop: Shop, mode: str) -> Score:
    warehouse = Warehouse(mode=mode, export_s=EXPORT_S, delay_s=DELAY_S)
    return SimulationRun(script, shop, warehouse).run()


def _figures(score: Score) -> dict[str, Any]:
    return asdict(score) | {
        "held_back_units": round(score.held_back_units, 1),
        "held_back_share": round(score.held_back_share, 4),
        "held_back_unit_hours": round(score.unit_hours),
    }


def _learned(shop: RealShop) -> dict[str, Any]:
    """Return the lag measured for the supplier, and by what its stock was found to reflect sales."""
    measured = StockDecrement.objects.filter(supplier=shop.supplier).first()
    own_allocations = Allocation.objects.filter(level__offer__supplier=shop.supplier)
    seen = own_allocations.exclude(absorbed_by="").values_list("absorbed_by", flat=True)
    unseen = own_allocations.filter(status=Allocation.Status.UNSEEN).values_list("doubt", flat=True)
    return {
        "measured": measured.at if measured else "",
        "lag_median_s": measured.median_lag_s if measured else None,
        "lag_tail_s": measured.max_lag_s if measured else None,
        "absorbed_by": {word: list(seen).count(word) for word in sorted(set(seen))},
        "still_unseen": {word: list(unseen).count(word) for word in sorted(set(unseen))},
    }
