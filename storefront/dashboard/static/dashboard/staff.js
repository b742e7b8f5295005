// Wide tables of a form scroll sideways: let the keyboard scroll them too, and say their names.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".formset-wrapper")) {
    table.tabIndex = 0;
    table.setAttribute("role", "region");
    table.setAttribute("aria-label", table.closest("fieldset").querySelector("h2").textContent.trim());
  }
});
