"""Who has it, for how much, and how many."""

from suppliers.models.breaker import Breaker
from suppliers.models.countdown import Countdown
from suppliers.models.evidence import Criterion, Evidence
from suppliers.models.feed import FeedIssue, FeedRun
from suppliers.models.mapping import Content, FeedMapping, FeedUpload
from suppliers.models.offer import (
    CostChange,
    SupplierOffer,
    SupplierProduct,
    UnpublishedSupply,
)
from suppliers.models.quarantine import FeedChange, FeedLimits
from suppliers.models.route import Service
from suppliers.models.scorecard import AnswerTally, Scorecard, ScorecardFact
from suppliers.models.sharing import PageBatch
from suppliers.models.stock import StockLevel, StockLocation, StockMovement
from suppliers.models.supplier import CallBudget, Connection, Supplier

__all__ = [
    "AnswerTally",
    "Breaker",
    "CallBudget",
    "Connection",
    "Content",
    "CostChange",
    "Countdown",
    "Criterion",
    "Evidence",
    "FeedChange",
    "FeedIssue",
    "FeedLimits",
    "FeedMapping",
    "FeedRun",
    "FeedUpload",
    "PageBatch",
    "Scorecard",
    "ScorecardFact",
    "Service",
    "StockLevel",
    "StockLocation",
    "StockMovement",
    "Supplier",
    "SupplierOffer",
    "SupplierProduct",
    "UnpublishedSupply",
]
