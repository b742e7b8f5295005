"""Supplier models: export every model of the app."""

from suppliers.models.catalog_imports import CatalogImport
from suppliers.models.circuit_breaker import CircuitBreaker
from suppliers.models.compliance import ComplianceDocument, Requirement
from suppliers.models.feed_mapping import FeedMapping, FeedUpload, FileContent
from suppliers.models.inventory import StockDecrement, StockLevel, StockLocation, StockMovement
from suppliers.models.match_decisions import BrandMerge, DuplicateCandidate, MatchDecision
from suppliers.models.offers import CostChange, PendingPublication, SupplierOffer, SupplierProduct
from suppliers.models.portal_links import PortalLink
from suppliers.models.quarantine import PendingChange, QuarantineThresholds
from suppliers.models.runs import PageBatch, SyncIssue, SyncRun
from suppliers.models.scorecards import LatencyBucket, Scorecard, ScorecardFact
from suppliers.models.shipping_services import ShippingService
from suppliers.models.supplier import CallQuota, Connection, Supplier

__all__ = [
    "BrandMerge",
    "CallQuota",
    "CatalogImport",
    "CircuitBreaker",
    "ComplianceDocument",
    "Connection",
    "CostChange",
    "DuplicateCandidate",
    "FeedMapping",
    "FeedUpload",
    "FileContent",
    "LatencyBucket",
    "MatchDecision",
    "PageBatch",
    "PendingChange",
    "PendingPublication",
    "PortalLink",
    "QuarantineThresholds",
    "Requirement",
    "Scorecard",
    "ScorecardFact",
    "ShippingService",
    "StockDecrement",
    "StockLevel",
    "StockLocation",
    "StockMovement",
    "Supplier",
    "SupplierOffer",
    "SupplierProduct",
    "SyncIssue",
    "SyncRun",
]
