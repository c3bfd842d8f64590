/* Toasts: errors stay until they are dismissed, others go after a while, never under one's hands.
   What was asked for in the background and did not come is said here, in the reader's language. */

const STAY = 8000;
const region = document.getElementById("og-toasts");
const failure = document.getElementById("og-failure");
const home = region.parentElement;

function fade(toast) {
  if (toast.matches(".og-toast--error, .og-toast--warning")) return;
  let timer = 0;
  const isHeld = () => toast.matches(":hover, :focus-within");
  const wait = () => {
    clearTimeout(timer);
    if (!isHeld()) timer = setTimeout(() => toast.remove(), STAY);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  toast.addEventListener("pointerleave", wait);
  toast.addEventListener("focusout", () => setTimeout(wait));
  wait();
}

region.querySelectorAll(".og-toast").forEach(fade);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.matches?.(".og-toast")) fade(node);
  }
}).observe(region, { childList: true });

/* ---- what did not come ---- */
function say(what) {
  const words = failure.dataset[what];
  [...region.children].find((toast) => toast.dataset.ogFailure)?.remove();
  const toast = failure.content.firstElementChild.cloneNode(true);
  toast.dataset.ogFailure = what;
  toast.querySelector("p").textContent = words;
  (document.querySelector("dialog[open]") ?? home).append(region); // else it lies under the dialog
  region.append(toast);
}

document.addEventListener("close", (event) => {
  if (event.target.contains(region)) home.append(region);
}, true);

/* The sheet of a gate says it beside the criterion. */
const isSaidElsewhere = (event) => event.detail.elt.closest?.(".og-criterion") != null;

document.addEventListener("htmx:responseError", (event) => {
  if (isSaidElsewhere(event)) return;
  say([403, 404, 409].includes(event.detail.xhr.status) ? "refused" : "broken");
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => { if (!isSaidElsewhere(event)) say("silent"); });
}

/* A session that has ended answers with the page to log in, which belongs into no part of a page. */
document.addEventListener("htmx:beforeSwap", (event) => {
  if (isSaidElsewhere(event)) return;
  const { xhr } = event.detail;
  if (!xhr.responseURL || new URL(xhr.responseURL).pathname !== failure.dataset.login) return;
  event.detail.shouldSwap = false;
  say("stranger");
});
