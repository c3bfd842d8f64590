/* Counts the clocks on between two server answers, in the server's own words (workflows/words.py).
   A clock that is paused or outside working hours carries no data-og-ticking and stands still. */

const source = document.getElementById("og-clock-vocabulary");
const vocabulary = source ? JSON.parse(source.textContent) : null;
const since = new WeakMap();

const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, key) => values[key]);

function duration(seconds) {
  const total = Math.floor(Math.abs(seconds) / 60);
  const days = Math.floor(total / vocabulary.day_minutes);
  const rest = total % vocabulary.day_minutes;
  const values = { days, hours: Math.floor(rest / 60), minutes: rest % 60 };
  let form = values.minutes ? "minutes" : "moment";
  if (days) form = values.hours ? "days_hours" : "days";
  else if (values.hours) form = values.minutes ? "hours_minutes" : "hours";
  return fill(vocabulary.durations[form], values);
}

function level(remaining, elapsed, budget) {
  if (remaining < 0) return "breached";
  const share = budget ? elapsed / budget : 1;
  const isLastHour = remaining < vocabulary.soon_seconds && vocabulary.soon_seconds < budget;
  if (share >= vocabulary.soon_share || isLastHour) return "due_very_soon";
  return share >= vocabulary.at_risk_share ? "at_risk" : "on_track";
}

function tick(chip) {
  if (!since.has(chip)) since.set(chip, performance.now());
  const passed = Math.floor((performance.now() - since.get(chip)) / 1000);
  const remaining = Number(chip.dataset.remaining) - passed;
  const elapsed = Number(chip.dataset.elapsed) + passed;
  const budget = Number(chip.dataset.budget);
  const now = level(remaining, elapsed, budget);
  const sentence = vocabulary.sentences[now === "breached" ? "breached" : "left"];
  chip.querySelector("[data-og-words]").textContent = fill(sentence, { duration: duration(remaining) });
  const percent = budget ? Math.max(0, Math.min(100, Math.floor((100 * elapsed) / budget))) : 100;
  chip.querySelector("[data-og-bar]").setAttribute("width", percent);
  if (chip.dataset.level === now) return;
  chip.classList.replace(`og-clock--${chip.dataset.level}`, `og-clock--${now}`);
  chip.dataset.level = now;
  const use = chip.querySelector("use");
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${vocabulary.icons[now]}`);
}

const tickAll = () => document.querySelectorAll("[data-og-ticking]").forEach(tick);

if (vocabulary) {
  tickAll();
  setInterval(tickAll, 15000);
  document.addEventListener("htmx:afterSettle", tickAll);
}
