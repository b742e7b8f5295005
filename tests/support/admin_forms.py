"""Admin pages: their addresses, and the values that a form shows, as a browser sends them back."""

from django.urls import reverse


def page(name, view="changelist", *args):
    """Return the address of an admin page; ``name`` is such as "orders_order"."""
    return reverse(f"admin:{name}_{view}", args=args)


def row_page(row, view="change"):
    return page(row._meta.label_lower.replace(".", "_"), view, row.pk)


def filled_form(page):
    """Return the values of the form and the formsets of an admin page, by field name."""
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    values = {}
    for form in forms:
        for field in form:
            value = field.value()
            names = [field.html_name]
            names += [field.html_initial_name] if field.field.show_hidden_initial else []
            if value is not None and value is not False:
                shown = value if isinstance(value, list) else str(value)
                values |= dict.fromkeys(names, shown)
    return values
