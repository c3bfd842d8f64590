/* Opens the palette and the list of keys; their script and style come when first wanted.
   Single keys, unless the profile switches them off. Each presses a control that is on the page,
   so none of them is the only way. Listens last: what a page does with a key of its own goes first. */

const SEQUENCE = 1200;
const TEXT = "select, textarea, input:not([type=checkbox], [type=button], [type=submit]),"
  + " [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox]";
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const keys = document.getElementById("og-keys");
const palette = document.getElementById("og-palette");
const isOff = document.body.dataset.ogKeys === "off";
let goesUntil = 0;

const isShown = (element) => element.checkVisibility();
const rows = () => [...document.querySelectorAll("[data-og-row]")].filter(isShown);
const row = () => document.activeElement?.closest("[data-og-row]");
const linkOf = (one) => one.querySelector("[data-og-row-link]");

/* A control of the row one is in, else the one of the page if there is but one. */
function control(mark) {
  const found = [...(row() ?? document).querySelectorAll(mark)].filter(isShown);
  return row() || found.length === 1 ? found[0] : undefined;
}

function press(element) {
  element?.click();
  return Boolean(element);
}

function focusOn(element) {
  element?.focus();
  element?.scrollIntoView?.({ block: "nearest" });
  return Boolean(element);
}

function move(step) {
  const all = rows();
  const at = all.indexOf(row());
  const next = at < 0 ? all[step > 0 ? 0 : -1] : all[at + step];
  return next ? focusOn(linkOf(next) ?? next) : at >= 0;
}

function edit() {
  const found = (row() ?? document).querySelector("[data-og-edit]");
  return found?.matches(TEXT) ? focusOn(found) : press(found);
}

function snooze() {
  const found = control("[data-og-snooze]");
  return press(found?.matches("details") ? found.querySelector("summary") : found);
}

function write() {
  const composer = document.querySelector("[data-og-composer]");
  return focusOn(composer?.matches("textarea") ? composer : composer?.querySelector("textarea"));
}

function search() {
  const field = [...document.querySelectorAll("[data-og-search]")].find(isShown);
  if (!field) return press(document.querySelector("[data-og-palette]"));
  field.select();
  return focusOn(field);
}

function showKeys() {
  keys.showModal();
  styled();
  return true;
}

/* ---- the palette and the list of keys ---- */
let style;
let script;

/* Unseen until their style is there, or known not to come. */
function styled() {
  style ??= new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: palette.dataset.style });
    for (const name of ["load", "error"]) link.addEventListener(name, resolve);
    document.head.append(link);
  }).then(() => { document.documentElement.dataset.ogStyled = ""; });
}

function openPalette() {
  const form = palette.querySelector("form");
  if (palette.open) return palette.close();
  if (document.querySelector("dialog[open]")) return undefined;
  form.reset();
  palette.showModal();
  form.elements.q.focus();
  styled();
  script ??= import(palette.dataset.script);
  let goes = false;
  const hold = (event) => {
    event.preventDefault();
    goes = true;
  };
  form.addEventListener("submit", hold);
  return script.finally(() => form.removeEventListener("submit", hold))
    .then(({ ask }) => ask(goes), () => location.assign(form.action));
}

for (const words of document.querySelectorAll("[data-og-modifier]")) {
  if (isMac) words.textContent = "⌘";
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-og-palette], [data-og-keys-list]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (opener.matches("[data-og-palette]")) openPalette();
  else showKeys();
});

for (const opener of document.querySelectorAll("[data-og-keys-list]")) opener.hidden = false;

/* ---- keys ---- */

const DOES = {
  "/": search,
  "?": showKeys,
  c: () => press(document.querySelector("[data-og-new]")),
  j: () => move(1),
  k: () => move(-1),
  o: () => Boolean(row()) && press(linkOf(row())),
  x: () => press(row()?.querySelector("[data-og-select]")),
  a: () => press(control("[data-og-take]")),
  h: snooze,
  e: edit,
  m: write,
};

function single(event) {
  const key = event.key.toLowerCase();
  if (Date.now() < goesUntil) {
    goesUntil = 0;
    return press(document.querySelector(`[data-og-key="${CSS.escape(key)}"]`));
  }
  if (key === "g") {
    goesUntil = Date.now() + SEQUENCE;
    return true;
  }
  if (/^[1-9]$/.test(key)) return press(control(`[data-og-choice="${key}"]`));
  return Object.hasOwn(DOES, key) && DOES[key]();
}

/* Ctrl Enter sends what one writes, when it is plain which button that is. */
function send(target) {
  const form = target.closest("form");
  const buttons = [...(form?.elements ?? [])].filter((one) => one.matches("button[type=submit]") && isShown(one));
  const main = buttons.filter((one) => one.matches(".btn-primary"));
  const button = main.length === 1 ? main[0] : buttons.length === 1 && buttons[0];
  return button ? press(button) : false;
}

window.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.altKey) return;
  const isWriting = Boolean(event.target.closest?.(TEXT));
  let isDone = false;
  if (event.ctrlKey || event.metaKey) {
    isDone = event.key === "Enter" && isWriting && send(event.target);
    if (event.key.toLowerCase() === "k" && !event.shiftKey && (isMac ? event.metaKey : event.ctrlKey)) {
      openPalette();
      isDone = true;
    }
  } else if (!isWriting && !document.querySelector("dialog[open]")) {
    if (event.key === "Enter") isDone = event.target.matches("[data-og-row]") && press(linkOf(event.target));
    else if (!isOff && event.key.length === 1 && (!event.shiftKey || /[/?]/.test(event.key))) {
      isDone = (!event.repeat || /[jk]/i.test(event.key)) && single(event);
    }
  }
  if (isDone) event.preventDefault();
});
