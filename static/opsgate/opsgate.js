/* Small enhancements; every page works without them. */

const root = document.documentElement;

function nameThemeButton(button) {
  const isDark = root.getAttribute("data-bs-theme") === "dark";
  button.setAttribute("aria-label", isDark ? button.dataset.labelLight : button.dataset.labelDark);
  button.hidden = false;
}

for (const button of document.querySelectorAll("[data-og-theme]")) {
  nameThemeButton(button);
  button.addEventListener("click", () => {
    const theme = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    root.setAttribute("data-bs-theme", theme);
    try { localStorage.setItem("opsgate-theme", theme); } catch { /* private window: this page only */ }
    document.querySelectorAll("[data-og-theme]").forEach(nameThemeButton);
  });
}

/* A drawer is a <dialog> that htmx fills: it opens when its content has come. */
document.addEventListener("htmx:afterSwap", (event) => {
  const drawer = event.detail.target.closest("dialog.og-drawer");
  if (drawer && !drawer.open) drawer.showModal();
});

document.addEventListener("click", (event) => {
  const closer = event.target.closest("[data-og-close]");
  if (closer) {
    const box = closer.closest("dialog, .og-toast");
    if (box instanceof HTMLDialogElement) box.close();
    else box?.remove();
  }
  if (event.target instanceof HTMLDialogElement) event.target.close();
  for (const menu of document.querySelectorAll("details.og-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

/* A field that means something only beside some values of another shows only beside these. */
function showWhatFits(form) {
  const said = new FormData(form);
  for (const field of form.querySelectorAll("[data-og-only-with]")) {
    const [other, ...values] = field.dataset.ogOnlyWith.split(" ");
    field.hidden = !values.includes(said.get(other)) && !field.querySelector("[aria-invalid=true]");
  }
}

for (const form of document.querySelectorAll("form:has([data-og-only-with])")) {
  showWhatFits(form);
  form.addEventListener("change", () => showWhatFits(form));
}

/* Whoever opens a menu to write something writes. */
document.addEventListener("toggle", ({ target }) => {
  if (target.matches("details.og-menu[open]")) target.querySelector("[data-og-first]")?.focus();
}, true);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.og-menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

/* Two clicks are one: the second submit of a form that is on its way is ignored. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.ogSent) event.preventDefault();
  form.dataset.ogSent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.ogSent;
});

for (const button of document.querySelectorAll("[data-og-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
