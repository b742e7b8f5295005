// Unfold's layout has no main landmark.
document.addEventListener("DOMContentLoaded", () => document.querySelector("#main, .login #page")?.setAttribute("role", "main"));

// Wide tables of a form scroll sideways: make them focusable for the keyboard, and name them.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".formset-wrapper")) {
    table.tabIndex = 0;
    table.setAttribute("role", "group");
    table.setAttribute("aria-label", table.closest("fieldset").querySelector("h2").textContent.trim());
  }
});

// Unfold's script moves tabs into a menu that the keyboard does not open: tabs wrap instead.
// The tabs are no second navigation of the page.
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("tabs-dropdown")?.parentElement.remove();
  document.getElementById("tabs-items")?.setAttribute("role", "none");
});

// Unfold's script closes the menu at exactly 1280 px, where its styles show it.
document.addEventListener("alpine:init", () => {
  const wide = window.matchMedia("(min-width: 1280px)");
  const isOpen = () => wide.matches && localStorage.getItem("sidebarOpen") !== "0";
  const unfoldTheme = window.theme;
  window.theme = (...options) => {
    const data = unfoldTheme(...options);
    data.sidebarOpen = isOpen;
    data.themeBindings["x-on:keydown.escape.window"] = function close() {
      if (this.sidebarOpen && !wide.matches) {
        this.sidebarOpen = false;
        document.querySelector("[aria-controls=nav-sidebar]")?.focus();
      }
    };
    data.themeBindings["x-resize.window"] = function resize() {
      this.sidebarOpen = isOpen();
    };
    return data;
  };
});

// Translation: a shortcut presses the button or opens the link that names it.
document.addEventListener("keydown", (event) => {
  const keys = event.altKey ? `Alt+${event.code}` : event.ctrlKey || event.metaKey ? `Control+${event.key}` : "";
  const target = keys && !event.repeat && document.querySelector(`[data-shortcut="${CSS.escape(keys)}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});

// Match review: a key presses the button that names it, while the focus is in the form.
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-keys]");
  if (!form || event.ctrlKey || event.metaKey || event.altKey || event.repeat) {
    return;
  }
  form.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)?.click();
});
document.addEventListener("DOMContentLoaded", () => {
  document.querySelector("form[data-keys]")?.focus();
});

// Inbox: j and k move the focus between rows, Enter opens the focused link, a assigns its row.
document.addEventListener("keydown", (event) => {
  const links = [...document.querySelectorAll("[data-inbox] [data-open]")];
  const isTyping = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (!links.length || isTyping || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const row = document.activeElement.closest("[data-inbox] tr");
  const at = links.findIndex((link) => row?.contains(link));
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    event.preventDefault();
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1);
    links[next].focus();
    links[next].scrollIntoView({ block: "nearest" });
  } else if (event.key === "a" && !event.repeat) {
    row?.querySelector("[data-assign]")?.click();
  }
});
document.addEventListener("DOMContentLoaded", () => {
  for (const help of document.querySelectorAll("[data-keys-help]")) {
    help.hidden = false;
  }
});

// Autocomplete: select2 names its box by the chosen value only; add the label of the field.
function nameAutocompletes() {
  for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
    const label = select.labels[0];
    const box = select.nextElementSibling?.querySelector(".select2-selection");
    if (!box || !label) {
      continue;
    }
    label.id ||= `${select.id}-label`;
    const value = box.querySelector("[role=textbox]");
    box.setAttribute("aria-labelledby", `${label.id} ${value?.id ?? ""}`.trim());
    value?.setAttribute("aria-labelledby", label.id);
    box.querySelector(".select2-search__field")?.setAttribute("aria-labelledby", label.id);
  }
}
// The button that clears all values would be an element of a list, but no list item.
document.addEventListener("DOMContentLoaded", () => {
  for (const select of document.querySelectorAll("select[multiple].admin-autocomplete")) {
    select.dataset.allowClear = "false";
  }
});
// Django names the icons of its two lists of choices, which needs a role. It adds them at "load".
window.addEventListener("load", () =>
  setTimeout(() => {
    for (const icon of document.querySelectorAll(".search-label-icon[aria-label]")) {
      icon.setAttribute("role", "img");
    }
  }),
);
window.addEventListener("load", () => window.django?.jQuery?.(nameAutocompletes)); // select2 is ready
document.addEventListener("formset:added", () => setTimeout(nameAutocompletes));

// Draft order: the buttons of its other parts would drop what is typed for the customer; ask first.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-warn-unsaved]");
  let isUnsaved = false;
  form?.addEventListener("input", () => {
    isUnsaved = true;
  });
  form?.addEventListener("submit", () => {
    isUnsaved = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (isUnsaved) {
      event.preventDefault();
    }
  });
});

// A page that waits for a worker reloads itself; without this script, users follow "Refresh".
document.addEventListener("DOMContentLoaded", () => {
  const seconds = document.querySelector("meta[name=refresh-after]")?.content;
  if (seconds) {
    setTimeout(() => location.replace(location.href), 1_000 * seconds);
  }
});

// Figures, Funnel: refresh the part every minute, unless the page is hidden or the user is in the part.
document.addEventListener("DOMContentLoaded", () => {
  const part = document.querySelector("[data-refresh]");
  if (!part) {
    return;
  }
  setInterval(async () => {
    if (document.hidden || part.contains(document.activeElement) || part.querySelector("details[open]")) {
      return;
    }
    const response = await fetch(part.dataset.refresh).catch(() => null);
    if (response?.ok && !response.redirected) {
      part.innerHTML = await response.text();
    }
  }, 60_000);
});

// Unfold's controls of the menu are no buttons, so that the keyboard does not reach them.
document.addEventListener("DOMContentLoaded", () => {
  const controls = '#nav-sidebar :is(span[x-on\\:click="sidebarToggle()"], a[x-on\\:click^="switchTheme"])';
  for (const control of document.querySelectorAll(controls)) {
    control.tabIndex = 0;
    control.setAttribute("role", "button");
    control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        control.click();
      }
    });
  }
});
