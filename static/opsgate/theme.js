/* Sets light or dark before the first paint; a plain script in <head>, so nothing flashes. */
(() => {
  const wish = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem("opsgate-theme"); } catch { return null; }
  };
  const apply = () => {
    const theme = stored() || (wish.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
  };
  apply();
  wish.addEventListener("change", apply);
})();
