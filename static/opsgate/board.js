/* A card of the board dropped on the gate of its own column opens its sheet, as its link does. */

const CARD = "application/x-og-card";
let column = null;

document.addEventListener("dragstart", (event) => {
  const link = event.target.closest?.(".og-card__link");
  if (!link) return;
  column = link.closest(".og-column");
  event.dataTransfer.setData(CARD, link.href);
  column.classList.add("og-column--open");
});

document.addEventListener("dragend", () => {
  column?.classList.remove("og-column--open");
  column = null;
});

for (const foot of document.querySelectorAll("[data-og-foot]")) {
  foot.addEventListener("dragover", (event) => {
    if (foot.closest(".og-column") === column) event.preventDefault();
  });
  foot.addEventListener("drop", (event) => {
    event.preventDefault();
    location.assign(event.dataTransfer.getData(CARD));
  });
}
