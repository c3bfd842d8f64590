/* What is typed into a form[data-og-draft] is kept on the server while it is typed.
   Without scripts nothing is kept, and nothing is lost either when the server refuses. */

const PAUSE = 1200;
const keptHere = (form) => `opsgate-draft:${form.dataset.ogUser}:${form.dataset.ogDraftKey}`;

function typed(form) {
  const data = new FormData(form);
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  data.set("draft_key", form.dataset.ogDraftKey);
  return data;
}

/* The server could not keep it, as after the session ended: this tab does, until it can. */
function keepHere(form, isOn) {
  try {
    if (!isOn) return sessionStorage.removeItem(keptHere(form));
    const entries = [...typed(form)].filter(([name]) => !/^(csrfmiddlewaretoken|once|expected_version)$/.test(name));
    sessionStorage.setItem(keptHere(form), JSON.stringify(entries));
  } catch { return false; }
  return true;
}

function fillFromHere(form) {
  let entries = null;
  try { entries = JSON.parse(sessionStorage.getItem(keptHere(form))); } catch { return false; }
  if (!entries) return false;
  for (const field of form.elements) {
    if (!field.name || ["hidden", "file", "submit", "button"].includes(field.type)) continue;
    const values = entries.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (field.multiple) for (const one of field.options) one.selected = values.includes(one.value);
    else if (values.length) field.value = values[0];
  }
  return true;
}

function watch(form) {
  const said = form.querySelector("[data-og-draft-said]");
  let timer = 0;
  let isUnsaved = false;
  let isSent = false;
  let isLoggedOut = false;
  let last = null;

  const failed = () => {
    keepHere(form, true);
    if (said) said.textContent = form.dataset.ogDraftFailed;
  };

  async function keep(isLeaving = false) {
    clearTimeout(timer);
    if (isSent || !isUnsaved) return;
    last?.abort();
    last = new AbortController();
    try {
      const answer = await fetch(form.dataset.ogDraft, {
        method: "POST", body: typed(form), keepalive: isLeaving, signal: isLeaving ? undefined : last.signal,
      });
      isLoggedOut = answer.redirected;
      if (!answer.ok || answer.redirected) return failed();
      const { said: words } = await answer.json();
      isUnsaved = false;
      keepHere(form, false);
      if (said) said.textContent = words;
    } catch (error) {
      if (error.name !== "AbortError") failed();
    }
  }

  const changed = () => {
    isUnsaved = true;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    clearTimeout(timer);
    last?.abort();
    keepHere(form, isLoggedOut);
    isSent = true;
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) isSent = false; });
  window.addEventListener("pagehide", () => keep(true));
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(true); });
  window.addEventListener("beforeunload", (event) => {
    const hasFiles = [...form.querySelectorAll("input[type=file]")].some((field) => field.files.length);
    if (!isSent && (hasFiles || (isUnsaved && said?.textContent === form.dataset.ogDraftFailed))) event.preventDefault();
  });
  if (fillFromHere(form)) form.dispatchEvent(new Event("change"));
}

document.querySelectorAll("form[data-og-draft]").forEach(watch);
