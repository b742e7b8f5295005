"""What the page of a proof asks: in groups, labels and sentences."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.lib.staff.fieldsets import Field, Group

EVIDENCE = (
    Group(
        _("What is proven"),
        {
            "supplier": Field(_("Supplier"), _("Who is to be proven worth buying from.")),
            "criterion": Field(
                _("What it proves"), _("Offers that need this proof are on sale while it is valid.")
            ),
            "kind": Field(_("Kind of proof"), _("A certificate needs the day on which it ends.")),
            "brand": Field(
                _("Only for this brand"),
                _("The number of the brand. Empty: it is not limited to a brand."),
            ),
            "product": Field(
                _("Only for this product"),
                _("The number of the product, not with a brand as well. Empty: for all his goods."),
            ),
        },
    ),
    Group(
        _("The paper"),
        {
            "issuer": Field(
                _("Who issued it"), _("The laboratory or authority. Empty: nobody is named.")
            ),
            "reference": Field(_("Its number"), _("As printed on the paper. Empty: it has none.")),
            "valid_from": Field(
                _("First day on which it counts"), _("As the paper says. Empty: it counts already.")
            ),
            "valid_until": Field(
                _("Last day on which it counts"), _("As the paper says. Empty: it does not end.")
            ),
            "paper": Field(
                _("Paper"), _("PDF, PNG or JPEG, 10 MB at most. Empty: there is no paper.")
            ),
            "note": Field(_("Note"), _("For colleagues; no shopper reads it. Empty: none.")),
        },
    ),
)
