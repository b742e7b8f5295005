// Wide tables of a form scroll sideways: make them focusable for the keyboard, and name them.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".formset-wrapper")) {
    table.tabIndex = 0;
    table.setAttribute("role", "region");
    table.setAttribute("aria-label", table.closest("fieldset").querySelector("h2").textContent.trim());
  }
});

// Unfold's script closes the menu at exactly 1280 px, where its styles show it.
document.addEventListener("alpine:init", () => {
  const wide = window.matchMedia("(min-width: 1280px)");
  const isOpen = () => wide.matches && localStorage.getItem("sidebarOpen") !== "0";
  const unfoldTheme = window.theme;
  window.theme = (...options) => {
    const data = unfoldTheme(...options);
    data.sidebarOpen = isOpen;
    data.themeBindings["x-resize.window"] = function resize() {
      this.sidebarOpen = isOpen();
    };
    return data;
  };
});
