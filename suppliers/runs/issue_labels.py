"""Issue labels: describe the issue codes of all readers to staff."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: Mapping[str, Promise] = {
    # The list
    "list-no-id": _("A listed row has no ID"),
    "list-not-on-sale": _("A listed product is not on sale"),
    "list-other-supplier": _("A row belongs to another supplier"),
    "list-too-long": _("A list is too long to be read completely"),
    "list-total-row": _("A total row was skipped"),
    "list-twice": _("A product is listed twice"),
    "list-unreadable": _("A listed row cannot be read"),
    # The product
    "answer-missing": _("No answer about a product"),
    "cannot-be-stored": _("A product cannot be stored"),
    "family-unknown": _("A product is not recognized as a light"),
    "no-title": _("A product has no title"),
    "no-variants": _("A product has no variants"),
    "other-product": _("The answer is about another product"),
    "picture-address": _("The address of an image is not valid"),
    "record-failed": _("An unexpected error stopped the import of a product"),
    # Its identifiers
    "gtin-check-digit": _("A GTIN is not valid"),
    "gtin-duplicate": _("A GTIN belongs to another variant"),
    "gtin-contradicts-link": _("A GTIN contradicts the linked product"),
    "gtin-contradicts-mpn": _("A GTIN contradicts the part number"),
    "match-doubtful": _("A product may already be in the catalog"),
    "model-duplicate": _("A model number in this version belongs to another variant"),
    "mpn-duplicate": _("A manufacturer’s part number belongs to another variant"),
    "sku-missing": _("A variant has no SKU"),
    "sku-not-matched": _("A version is not among the variants in the catalog"),
    "sku-of-two": _("Two products claim one SKU"),
    "sku-twice": _("A product has one SKU twice"),
    "sku-unreadable": _("A variant cannot be read"),
    "sku-unusable": _("A SKU is not valid"),
    # Its numbers
    "beam-contradicts-intensity": _("The beam contradicts the intensity"),
    "capacity-impossible": _("The battery capacity is not plausible"),
    "intensity-impossible": _("The intensity is not plausible"),
    "lithium-unknown": _("The energy of a lithium battery is not stated"),
    "out-of-range": _("A number is out of range"),
    "output-impossible": _("The light output is not plausible"),
    "brighter-runs-longer": _("A brighter mode runs longer than a dimmer one"),
    "energy-unlikely": _("The battery energy does not match its cells"),
    "intensity-unlikely": _("The intensity is unusually high"),
    "output-unlikely": _("The light output is unusually high"),
    "power-unlikely": _("The LED power is unusually high for the battery"),
    "runtime-by-step-down": _("The run time is only possible if the output decreases"),
    "title-output-unconfirmed": _("The title states a light output that is not confirmed"),
    "emitter-unknown": _("The title names an LED that does not exist"),
    "environmental-claim": _("Environmental claims without proof were cut from the texts"),
    "guarantee-claim": _("Guarantees without evidence were cut from the texts"),
    "text-output-impossible": _("Lumens that the light cannot have were cut from the texts"),
    "battery-unreadable": _("The battery information cannot be read"),
    "lead-days-unreadable": _("A handling time cannot be read"),
    "map-unreadable": _("A minimum advertised price cannot be read"),
    "minimum-unreadable": _("A minimum order quantity cannot be read"),
    "msrp-unreadable": _("A recommended price cannot be read"),
    "pack-unreadable": _("A pack size cannot be read"),
    "size-unreadable": _("A size cannot be read"),
    "weight-below-cells": _("The light weighs less than its cells"),
    "weight-impossible": _("A packed weight is not plausible"),
    "weight-unreadable": _("A weight cannot be read"),
    "runtime-impossible": _("The run time is not plausible"),
    "value-unreadable": _("A value cannot be read"),
    # What it costs
    "cost-absurd": _("A cost is not a valid price"),
    "cost-is-a-range": _("A cost is a range"),
    "cost-jumped": _("A cost changed steeply"),
    "cost-left-out": _("A SKU is missing from the prices of its product"),
    "cost-missing": _("A cost is missing"),
    "cost-no-answer": _("No answer about a cost"),
    "cost-not-positive": _("A cost is not above zero"),
    "cost-twice": _("A cost is listed twice"),
    "cost-two-currencies": _("A cost contains two currencies"),
    "cost-unreadable": _("A cost cannot be read"),
    "cost-wrong-currency": _("A cost is in another currency"),
    # How much there is
    "restock-unreadable": _("A restock date cannot be read"),
    "stock-absurd": _("A stock quantity is not plausible"),
    "stock-blank": _("A stock cell is empty"),
    "stock-missing": _("A stock quantity is missing"),
    "stock-negative": _("A stock quantity is below zero"),
    "stock-no-answer": _("No answer about stock"),
    "stock-nowhere": _("A stock row has no country"),
    "stock-missing-sku": _("A stock row has no SKU"),
    "stock-unreadable": _("A stock row cannot be read"),
}


def issue_label(code: str) -> str:
    return str(LABELS.get(code, code.replace("-", " ")))
