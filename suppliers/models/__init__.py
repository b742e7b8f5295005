"""Supplier models: export every model of the app."""

from suppliers.models.circuit_breaker import Breaker
from suppliers.models.compliance import Criterion, Evidence
from suppliers.models.feed_mapping import Content, FeedMapping, FeedUpload
from suppliers.models.inventory import Countdown, StockLevel, StockLocation, StockMovement
from suppliers.models.offers import CostChange, SupplierOffer, SupplierProduct, UnpublishedSupply
from suppliers.models.quarantine import FeedChange, FeedLimits
from suppliers.models.runs import FeedIssue, FeedRun, PageBatch
from suppliers.models.scorecards import AnswerTally, Scorecard, ScorecardFact
from suppliers.models.shipping_services import Service
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
