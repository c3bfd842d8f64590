/* The sheet of a gate: keys while a criterion has the focus, and nothing lost on a bad line.
   Saving itself is htmx's; without scripts each form is sent as a page. */

const TEXT = "textarea, select, input:not([type=hidden], [type=checkbox], [type=radio])";
const KEYS = { 1: "pass", 2: "partly", 3: "fail" };
const kept = new Map();
const again = new Map();

const criterionOf = (element) => element?.closest?.(".og-criterion");
const isWriting = (element) => element.matches?.(`${TEXT}, [contenteditable]`);
const isBusy = (criterion) => criterion.querySelector("form.htmx-request") !== null;
const hasGoneOn = (criterion) => (
  document.activeElement !== document.body && !criterion.contains(document.activeElement)
);

/* ---- keys ---- */
document.addEventListener("keydown", (event) => {
  const criterion = criterionOf(event.target);
  if (!criterion || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (isWriting(event.target)) {
    if (event.key !== "Escape") return;
    criterion.focus();
  } else if (!press(criterion, event)) {
    return;
  }
  event.preventDefault();
});

function press(criterion, event) {
  if (event.key.length === 1 && document.body.dataset.ogKeys === "off") return false;
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    const next = key === "j" ? criterion.nextElementSibling : criterion.previousElementSibling;
    next?.focus();
    return true;
  }
  if (key === "e" || (key === "enter" && event.target === criterion)) {
    const text = criterion.querySelector("form textarea");
    text?.closest("details")?.setAttribute("open", "");
    text?.focus();
    text?.setSelectionRange(text.value.length, text.value.length);
    return Boolean(text);
  }
  const button = key in KEYS && criterion.querySelector(`.og-result[value=${KEYS[key]}]`);
  if (button) button.click();
  return Boolean(button);
}

/* ---- what is pressed or typed while an answer is on its way ---- */
document.addEventListener("submit", (event) => {
  const criterion = criterionOf(event.target);
  if (!criterion || !isBusy(criterion)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const pressed = event.submitter?.id;
  if (pressed === `${criterion.id}-save` && again.has(criterion.id)) return; // a result sends the text too
  again.set(criterion.id, pressed);
}, true);

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, requestConfig } = event.detail;
  const criterion = criterionOf(target);
  if (!criterion) return;
  const isOurs = new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location).pathname;
  event.detail.shouldSwap = isOurs && [200, 409, 422].includes(xhr.status);
  event.detail.isError = !event.detail.shouldSwap;
  if (event.detail.isError) return;
  const isSaved = xhr.status === 200;
  kept.set(criterion.id, {
    unfolded: [...criterion.querySelectorAll("details[id][open]")].map((one) => one.id),
    fields: [...criterion.querySelectorAll(TEXT)].filter((field) => (
      field.type === "file" ? !isSaved && field.files.length
        : field.value !== (requestConfig.formData.get(field.name) ?? "").replaceAll("\r\n", "\n")
    )),
    focused: criterion.contains(document.activeElement) ? document.activeElement : null,
  });
});

document.addEventListener("htmx:afterSettle", (event) => {
  const criterion = event.target;
  if (!criterion.matches?.(".og-criterion")) return;
  const { unfolded = [], fields = [], focused = null } = kept.get(criterion.id) ?? {};
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  for (const old of fields) {
    const field = criterion.querySelector(`[name="${old.name}"]`);
    if (!field) continue;
    if (old.type === "file") field.files = old.files;
    else field.value = old.value;
  }
  if (focused && !hasGoneOn(criterion)) focusLike(focused);
  const pressed = again.get(criterion.id);
  kept.delete(criterion.id);
  again.delete(criterion.id);
  if (pressed) document.getElementById(pressed)?.click();
  else if (!hasGoneOn(criterion)) criterion.querySelector("[aria-invalid=true]")?.focus();
});

function focusLike(old) {
  const element = document.getElementById(old.id);
  element?.focus();
  if (element?.matches("textarea")) element.setSelectionRange(old.selectionStart, old.selectionEnd);
}

/* ---- what did not arrive ---- */
document.addEventListener("htmx:afterRequest", (event) => {
  const criterion = criterionOf(event.detail.elt);
  if (!criterion || !criterion.isConnected) return;
  criterion.querySelector("form .og-notice--error[role=alert]")?.remove();
  again.delete(criterion.id);
  const notice = document.getElementById("og-unsaved").content.cloneNode(true);
  criterion.querySelector("form").prepend(notice);
});

const isChanged = (field) => (
  field.type === "file" ? field.files.length > 0 : field.value !== field.defaultValue
);

window.addEventListener("beforeunload", (event) => {
  const fields = [...document.querySelectorAll(".og-criterion form :is(textarea, input)")];
  const isRefused = document.querySelector("[data-og-dirty] form") !== null;
  if (isRefused || fields.filter((field) => field.matches(TEXT)).some(isChanged)) event.preventDefault();
});
