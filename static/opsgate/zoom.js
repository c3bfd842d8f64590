/* The size of a diagram: buttons, the keys + - 0 while it has the focus, Ctrl with the wheel or a
   pinch. It scrolls by itself; without scripts it is shown at its own size. */

for (const bar of document.querySelectorAll("[data-og-zoom]")) {
  const place = bar.parentElement.querySelector(".og-chart");
  const picture = place?.querySelector("svg");
  if (!picture) continue;
  const { width, height } = picture.viewBox.baseVal;
  let scale = 1;
  bar.hidden = false;

  function resize(to, at = null) {
    const before = scale;
    scale = Math.min(3, Math.max(0.25, to));
    const box = place.getBoundingClientRect();
    const [x, y] = at ? [at.clientX - box.left, at.clientY - box.top] : [place.clientWidth / 2, place.clientHeight / 2];
    const [left, top] = [(place.scrollLeft + x) / before, (place.scrollTop + y) / before];
    picture.setAttribute("width", Math.round(width * scale));
    picture.setAttribute("height", Math.round(height * scale));
    place.scrollTo(left * scale - x, top * scale - y);
  }
  const fit = () => {
    const style = getComputedStyle(place);
    resize((place.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight)) / width);
  };

  bar.addEventListener("click", (event) => {
    const by = event.target.closest("[data-og-zoom-by]")?.dataset.ogZoomBy;
    if (by === "fit") fit();
    else if (by) resize(scale * Number(by));
  });
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") resize(scale * 1.25);
    else if (event.key === "-") resize(scale * 0.8);
    else if (event.key === "0") fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  place.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    resize(scale * Math.exp(-event.deltaY / 200), event);
  }, { passive: false });

  const toNow = () => {
    const now = picture.querySelector(".node.now");
    if (!now) return;
    const box = now.getBoundingClientRect();
    const here = place.getBoundingClientRect();
    place.scrollBy(box.left + box.width / 2 - here.left - here.width / 2, box.top + box.height / 2 - here.top - here.height / 2);
  };
  place.closest("details")?.addEventListener("toggle", toNow);
  toNow();
}
