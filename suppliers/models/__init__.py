"""Who has it, for how much, and how many."""

from suppliers.models.feed import FeedIssue, FeedRun
from suppliers.models.offer import (
    CostChange,
    SupplierOffer,
    SupplierProduct,
    UnpublishedSupply,
)
from suppliers.models.stock import StockLevel, StockLocation, StockMovement
from suppliers.models.supplier import CallBudget, Connection, Supplier

__all__ = [
    "CallBudget",
    "Connection",
    "CostChange",
    "FeedIssue",
    "FeedRun",
    "StockLevel",
    "StockLocation",
    "StockMovement",
    "Supplier",
    "SupplierOffer",
    "SupplierProduct",
    "UnpublishedSupply",
]
