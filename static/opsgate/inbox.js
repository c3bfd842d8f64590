/* The inbox: what is selected, and the question whether something changed.
   Nothing moves under the hand: new rows wait for a press of the button, rows that left are marked. */

const list = document.getElementById("og-inbox");
const news = document.getElementById("og-news");
const bar = document.getElementById("og-news-bar");
const EVERY = 60_000;
const SLOWEST = 15 * EVERY;
let wait = EVERY;
let timer = 0;

/* ---- selection ---- */
const boxes = () => [...list.querySelectorAll("[data-og-select]")];

function countSelected() {
  const form = document.getElementById("og-bulk");
  if (!form) return;
  const number = boxes().filter((box) => box.checked).length;
  const words = form.querySelector("[data-og-count]");
  words.textContent = words.dataset.ogCount.replace("{number}", number);
  form.hidden = number === 0;
}

list.addEventListener("change", (event) => {
  if (event.target.matches("[data-og-select]")) countSelected();
});
list.addEventListener("reset", () => setTimeout(countSelected));
window.addEventListener("pageshow", countSelected);
countSelected();

/* ---- is there something new? ---- */
const shown = () => [...list.querySelectorAll("[data-og-row]")].map((row) => row.dataset.ogRow);

function ask() {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, wait);
}

async function look() {
  try {
    const address = new URL(list.dataset.ogNews, location);
    address.searchParams.set("shown", shown().join(","));
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    tell(await answer.json());
    wait = EVERY;
  } catch {
    wait = Math.min(wait * 2, SLOWEST);
  }
  ask();
}

function tell(said) {
  if (said.new && !news.firstElementChild) {
    news.append(bar.content.cloneNode(true));
    window.htmx.process(news);
  }
  const words = news.querySelector("[data-og-words]");
  if (!said.new) news.replaceChildren();
  else if (words.textContent !== said.words) words.textContent = said.words;
  for (const [key, sentence] of Object.entries(said.gone)) mark(key, sentence);
}

function mark(key, sentence) {
  const row = document.getElementById(`task-${key}`);
  if (!row || row.classList.contains("og-row--gone")) return;
  row.classList.add("og-row--gone");
  const note = document.createElement("span");
  note.className = "og-row__gone";
  note.textContent = sentence;
  row.querySelector(".og-row__end").prepend(note);
  const box = row.querySelector("[data-og-select]");
  if (box) {
    box.checked = false;
    box.disabled = true;
  }
  countSelected();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else look();
});
ask();

/* ---- the list anew: what was selected and where one was stay ---- */
let kept = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== list) return;
  const here = document.activeElement;
  kept = { selected: boxes().filter((box) => box.checked).map((box) => box.id), focus: list.contains(here) ? here.id : "" };
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== list || !kept) return;
  for (const id of kept.selected) {
    const box = document.getElementById(id);
    if (box) box.checked = true;
  }
  news.replaceChildren();
  countSelected();
  const place = document.getElementById(kept.focus) ?? list.querySelector("[data-og-row-link]");
  place?.focus({ preventScroll: true });
  kept = null;
});
