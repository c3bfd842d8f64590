/* The palette: a combobox over the list that the server draws. Without scripts it is a page. */

const QUIET = 150;
const dialog = document.getElementById("og-palette");
const input = document.getElementById("og-palette-input");
const list = document.getElementById("og-palette-list");
const said = dialog.querySelector("[data-og-palette-said]");
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
let timer = 0;
let isAsked = false;
let goesOnArrival = false;

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[role=option][aria-selected=true]");

for (const words of document.querySelectorAll("[data-og-modifier]")) {
  if (isMac) words.textContent = "⌘";
}

/* ---- open, ask, close ---- */
function open() {
  if (dialog.open) return dialog.close();
  if (document.querySelector("dialog[open]")) return undefined;
  input.value = "";
  dialog.showModal();
  input.focus();
  return ask();
}

function ask() {
  clearTimeout(timer);
  timer = 0;
  isAsked = true;
  input.dispatchEvent(new CustomEvent("og:ask"));
}

function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, QUIET);
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-og-palette]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});

window.addEventListener("keydown", (event) => {
  const isOurs = (isMac ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
  if (!isOurs || event.key.toLowerCase() !== "k" || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  open();
});

input.addEventListener("input", (event) => {
  goesOnArrival = false;
  if (!event.isComposing) askSoon();
});
input.addEventListener("compositionend", askSoon);
dialog.addEventListener("close", () => {
  clearTimeout(timer);
  timer = 0;
  goesOnArrival = false;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== list) return;
  isAsked = timer !== 0;
  const found = options();
  choose(found[0]);
  list.scrollTop = 0;
  said.textContent = [...list.querySelectorAll("[role=group]")]
    .map((group) => `${group.firstElementChild.textContent} ${group.children.length - 1}`)
    .join(", ");
  if (goesOnArrival && !isAsked && dialog.open) found[0]?.click();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt !== input || !event.detail.failed) return;
  isAsked = goesOnArrival = false; // Enter now sends the form: the palette as a page
  choose();
  list.replaceChildren();
});

/* ---- choose and go ---- */
function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
}

input.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const found = options();
  const at = found.indexOf(chosen());
  const to = {
    ArrowDown: (at + 1) % found.length,
    ArrowUp: (at - 1 + found.length) % found.length,
    Home: 0,
    End: found.length - 1,
  }[event.key];
  if (to !== undefined && found.length) {
    event.preventDefault();
    choose(found[to]);
  } else if (event.key === "Enter" && (isAsked || timer)) {
    event.preventDefault();
    goesOnArrival = true;
    if (timer) ask();
  } else if (event.key === "Enter" && at >= 0) {
    event.preventDefault();
    found[at].click();
  }
});

list.addEventListener("pointermove", (event) => {
  const option = event.target.closest("[role=option]");
  if (option && option !== chosen()) choose(option);
});

list.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (!option) return;
  dialog.close();
  if (option.matches("[data-og-print-page]")) window.print();
});
