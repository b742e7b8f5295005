// Progressive enhancement: every page works without this script.
"use strict";

const cookie = (name) =>
  document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);

function countCart() {
  for (const badge of document.querySelectorAll("[data-cart-count]")) {
    const count = Number.parseInt(cookie(badge.dataset.cartCount) ?? "0", 10);
    badge.textContent = count;
    badge.hidden = !(count > 0);
  }
  for (const note of document.querySelectorAll("[data-unpaid]")) note.hidden = !cookie(note.dataset.unpaid);
}

// Quantity steppers: buttons beside a number field; in the cart each step submits the form.
function ready(root) {
  // The stylesheet hides these buttons, as htmx does what they do.
  for (const button of root.querySelectorAll("[data-unneeded]")) button.classList.toggle("needed", !window.htmx);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) {
    const input = button.parentElement.querySelector("input");
    const wanted = Number(input.value) + Number(button.dataset.step);
    input.value = Math.min(Math.max(wanted, Number(input.min)), Number(input.max));
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  // The picture is a link to its largest copy; with this script it opens in a dialog.
  const picture = event.target.closest("[data-zoom]");
  const zoom = document.getElementById("zoom");
  if (picture && zoom && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const image = zoom.querySelector("img");
    image.src = picture.href;
    image.alt = picture.querySelector("img").alt;
    zoom.showModal();
  }
  // A click outside a dialog closes it; focus returns to where it was.
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

let waiting;
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-sends-itself]");
  if (!form) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(), 400);
});

// On a phone the filters cover the list: submitting closes them and shows the list.
document.addEventListener("submit", (event) => {
  if (!event.submitter?.closest(".facet-go")) return;
  event.target.querySelector(".filters").open = false;
  document.getElementById("results").scrollIntoView();
});

// "Back" from a product returns to its card: "Load more" does not change the URL, so the page
// number of the card is put into it before leaving.
document.addEventListener("click", (event) => {
  const item = event.target.closest("#cards a")?.closest("[data-page]");
  if (!item) return;
  const url = new URL(location.href);
  if (item.dataset.page === "1") url.searchParams.delete("page");
  else url.searchParams.set("page", item.dataset.page);
  history.replaceState({ ...history.state, card: item.id }, "", url);
});
if (history.state?.card) {
  history.scrollRestoration = "manual"; // the browser would restore the position of a longer list
  document.getElementById(history.state.card)?.scrollIntoView({ block: "center" });
}

// Products to compare are stored per tab, so that a tick survives navigation.
const tray = document.getElementById("compare");
const compared = () => JSON.parse(sessionStorage.getItem("fara_compare") ?? "[]");
function keepCompared(lights) {
  sessionStorage.setItem("fara_compare", JSON.stringify(lights));
  showCompared();
}
function showCompared() {
  if (!tray) return;
  const lights = compared();
  for (const box of document.querySelectorAll('.card-compare [name="light"]'))
    box.checked = lights.some(([slug]) => slug === box.value);
  const items = lights.map(([slug, title]) => {
    const item = document.createElement("li");
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: "light", value: slug });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "chip" });
    button.textContent = `${title} ×`;
    button.setAttribute("aria-label", `${tray.dataset.remove} ${title}`);
    button.addEventListener("click", () => keepCompared(compared().filter(([other]) => other !== slug)));
    item.append(input, button);
    return item;
  });
  const list = tray.querySelector("ul");
  list.replaceChildren(...items);
  list.hidden = tray.querySelector("[data-clear]").hidden = tray.querySelector("[data-count]").hidden = !lights.length;
  tray.querySelector("[data-count]").textContent = lights.length;
}
// Capture phase: a tick to compare is not a filter and must not reload the list.
document.addEventListener(
  "change",
  (event) => {
    const box = event.target.closest('.card-compare [name="light"]');
    if (!box) return;
    event.stopPropagation();
    const others = compared().filter(([slug]) => slug !== box.value);
    const title = box.parentElement.querySelector(".unseen").textContent.trim();
    keepCompared(box.checked ? [...others, [box.value, title]] : others);
  },
  true,
);
tray?.querySelector("[data-clear]").addEventListener("click", () => keepCompared([]));

// Suggestions while typing: arrow keys select, Enter opens, Escape closes.
const search = document.getElementById("top-q");
const options = document.getElementById("suggestions");
if (search && options) {
  let typed, active;
  const show = (isOpen) => {
    options.hidden = !isOpen;
    search.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) activate(undefined);
  };
  const activate = (option) => {
    active?.setAttribute("aria-selected", "false");
    active = option;
    active?.setAttribute("aria-selected", "true");
    active?.scrollIntoView({ block: "nearest" });
    if (active) search.setAttribute("aria-activedescendant", active.id);
    else search.removeAttribute("aria-activedescendant");
  };
  search.autocomplete = "off";
  search.setAttribute("role", "combobox");
  search.setAttribute("aria-autocomplete", "list");
  search.setAttribute("aria-controls", options.id);
  show(false);
  search.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(async () => {
      const text = search.value;
      const answer = await fetch(`${search.dataset.suggest}?q=${encodeURIComponent(text)}`).catch(() => null);
      if (!answer?.ok || text !== search.value || document.activeElement !== search) return;
      activate(undefined);
      options.innerHTML = await answer.text();
      show(options.children.length > 0);
    }, 150);
  });
  search.addEventListener("keydown", (event) => {
    if (options.hidden) return;
    const { firstElementChild: first, lastElementChild: last } = options;
    if (event.key === "ArrowDown") activate(active?.nextElementSibling ?? first);
    else if (event.key === "ArrowUp") activate(active?.previousElementSibling ?? last);
    else if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && active) location.assign(active.dataset.href);
    else return;
    event.preventDefault();
  });
  options.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[data-href]");
    event.preventDefault(); // the field keeps the focus
    if (option) location.assign(option.dataset.href);
  });
  search.addEventListener("blur", () => show(false));
}

// Keep list URLs short: do not submit empty fields.
document.addEventListener("formdata", (event) => {
  if (!event.target.hasAttribute("data-tidy")) return;
  for (const [name, value] of [...event.formData]) {
    if (value === "" || (name === "sort" && value === "best")) event.formData.delete(name);
  }
});

// Disable a submitted form; the server places an order only once in any case.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  countCart();
  showCompared();
});

// Switch the theme without a reload; without this script the form reloads the page.
document.addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-theme-form")) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const age = theme === "system" ? 0 : 31536000;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `fara_theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
  for (const button of event.target.querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button === event.submitter));
});

// On a phone the header hides on scroll down and shows on scroll up.
const header = document.querySelector(".top");
if (header) {
  let before = scrollY;
  header.classList.add("top-follows");
  addEventListener(
    "scroll",
    () => {
      header.classList.toggle("top-away", scrollY > before && scrollY > header.offsetHeight);
      before = scrollY;
    },
    { passive: true },
  );
}

// The beam of the home page follows pointer and focus, unless reduced motion is preferred.
const hero = document.querySelector("[data-beam]");
if (hero && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
  let next;
  const light = (x, y) => {
    cancelAnimationFrame(next);
    next = requestAnimationFrame(() => {
      const box = hero.getBoundingClientRect();
      hero.style.setProperty("--bx", `${x - box.left}px`);
      hero.style.setProperty("--by", `${y - box.top}px`);
    });
  };
  hero.addEventListener("pointermove", (event) => light(event.clientX, event.clientY));
  hero.addEventListener("focusin", (event) => {
    const box = event.target.getBoundingClientRect();
    light(box.left + box.width / 2, box.top - 90);
  });
}

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.response.status >= 500) return; // nothing was swapped
  trouble.textContent = "";
  // Reset a refused quantity to the one in the cart.
  for (const input of document.querySelectorAll("[data-stepper] input")) input.value = input.defaultValue;
  countCart();
  ready(document);
  showCompared();
  const dialog = document.getElementById("cart-dialog");
  if (dialog?.firstElementChild && !dialog.open) dialog.showModal();
});
// Empty a closed dialog, so that the next swap opens it again.
document.addEventListener(
  "close",
  (event) => {
    if (event.target.id === "cart-dialog") event.target.replaceChildren();
  },
  true,
);
// Mark the list as busy during a request, and report a failed one; the page stays as it was.
const busy = (is) => document.getElementById("results")?.setAttribute("aria-busy", String(is));
const trouble = document.getElementById("trouble") ?? document.createElement("p");
document.addEventListener("htmx:before:request", () => busy(true));
document.addEventListener("htmx:finally:request", () => busy(false));
document.addEventListener("htmx:error", () => {
  trouble.textContent = navigator.onLine ? trouble.dataset.broken : trouble.dataset.offline;
});
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status >= 500) trouble.textContent = trouble.dataset.broken;
});

ready(document);
countCart();
showCompared();
const calls = document.querySelector("[data-focus]");
calls?.focus();
// After an error, go to the error summary instead of the field in the URL fragment.
if (calls && location.hash) addEventListener("load", () => setTimeout(() => calls.focus()));
