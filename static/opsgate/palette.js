/* The palette: a combobox over the list that the server draws. Without scripts it is a page.
   Loaded by keys.js when it is first opened; words typed until then are asked for at once. */

const QUIET = 150;
const dialog = document.getElementById("og-palette");
const input = document.getElementById("og-palette-input");
const list = document.getElementById("og-palette-list");
const said = dialog.querySelector("[data-og-palette-said]");
let timer = 0;
let isAsked = false;
let goesOnArrival = false;

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[role=option][aria-selected=true]");

/* ---- ask ---- */
export function ask(goes = goesOnArrival) {
  goesOnArrival = goes;
  clearTimeout(timer);
  timer = 0;
  isAsked = true;
  input.dispatchEvent(new CustomEvent("og:ask"));
}

function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => ask(), QUIET);
}

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
  const answered = new URL(event.detail.xhr.responseURL).searchParams.get("q");
  isAsked = answered !== input.value; // typed on meanwhile: that answer comes next
  const found = options();
  choose(found[0]);
  list.scrollTop = 0;
  said.textContent = [...list.querySelectorAll("[role=group]")]
    .map((group) => `${group.firstElementChild.textContent} ${group.children.length - 1}`)
    .join(", ");
  if (goesOnArrival && !isAsked && dialog.open) found[0]?.click();
});
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (event.detail.elt !== input) return;
    isAsked = goesOnArrival = false; // Enter now sends the form: the palette as a page
    choose();
    list.replaceChildren();
  });
}

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
