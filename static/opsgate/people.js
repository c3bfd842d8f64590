/* Completion of people: @name in a text, or a field that names one. The server renders the list.
   Without scripts a user name is typed. */

const AT = /(^|[^\w.@])@([\p{L}\p{N}_.+-]{0,40})$/u;
let count = 0;

function complete(field, address) {
  const isText = field.tagName === "TEXTAREA";
  const list = document.createElement("ul");
  list.id = `og-people-${++count}`;
  list.className = "og-people";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", field.labels?.[0]?.textContent.trim() ?? "");
  list.hidden = true;
  field.after(list);
  field.parentElement.classList.add("og-people__place");
  const attributes = {
    "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": list.id, autocomplete: "off",
  };
  if (!isText) Object.assign(attributes, { role: "combobox", "aria-expanded": "false" });
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);

  let asked = null;
  let timer = 0;
  let isComposing = false;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const current = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");

  function wanted() {
    if (!isText) return field.value.trim().replace(/^@/, "");
    if (field.selectionStart !== field.selectionEnd) return null;
    return AT.exec(field.value.slice(0, field.selectionStart))?.[2] ?? null;
  }

  function close() {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    list.replaceChildren();
    if (!isText) field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const found = options();
    if (!found.length) return;
    const at = (index + found.length) % found.length;
    found.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    found[at].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", found[at].id);
  }

  async function ask() {
    const words = wanted();
    if (words === null || (!isText && !words)) return close();
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(`${address}?q=${encodeURIComponent(words)}`, { signal: asked.signal });
      if (!answer.ok || answer.redirected) return close();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (wanted() !== words || document.activeElement !== field) return close();
      list.replaceChildren(...page.querySelectorAll("[role=option]"));
      for (const one of options()) one.id = `${list.id}-${one.id}`;
      list.hidden = !options().length;
      if (!isText) field.setAttribute("aria-expanded", String(!list.hidden));
      field.removeAttribute("aria-activedescendant");
      if (isText) choose(0);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  function take(option) {
    const name = option.dataset.ogName;
    if (isText) {
      const end = field.selectionStart;
      const begin = end - wanted().length;
      field.setRangeText(`${name} `, begin, end, "end");
    } else {
      field.value = name;
    }
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  field.addEventListener("compositionstart", () => { isComposing = true; });
  field.addEventListener("compositionend", () => { isComposing = false; later(); });
  const later = () => {
    clearTimeout(timer);
    if (isComposing) return;
    timer = setTimeout(ask, 150);
  };
  field.addEventListener("input", later);
  field.addEventListener("click", () => { if (!list.hidden) later(); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || isComposing || list.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in keys) choose(current() + keys[event.key]);
    else if (event.key === "Escape") close();
    else if (["Enter", "Tab"].includes(event.key) && current() >= 0) take(options()[current()]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  for (const press of ["pointerdown", "mousedown"]) list.addEventListener(press, (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}

for (const form of document.querySelectorAll("form[data-og-people]")) {
  const field = form.querySelector("textarea, input[type=text]");
  if (field) complete(field, form.dataset.ogPeople);
}
