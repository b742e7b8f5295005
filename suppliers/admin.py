"""Staff pages of suppliers: the runs, what is wrong, and the stock."""

from __future__ import annotations

from storefront.lib.staff import naming
from suppliers import (
    breaker_desk,
    buffer_desk,
    changes_desk,
    connection_desk,
    evidence_desk,
    limits_desk,
    mapping_desk,
    offer_desk,
    profile_desk,
    route_desk,
    run_desk,
    runs_desk,
    scorecards_desk,
    stock_desk,
    vetting_desk,
)
from suppliers.column_words import COLUMNS, TABLES

__all__ = [
    "breaker_desk",
    "buffer_desk",
    "changes_desk",
    "connection_desk",
    "evidence_desk",
    "limits_desk",
    "mapping_desk",
    "offer_desk",
    "profile_desk",
    "route_desk",
    "run_desk",
    "runs_desk",
    "scorecards_desk",
    "stock_desk",
    "vetting_desk",
]

naming.call("suppliers", tables=TABLES, columns=COLUMNS)
