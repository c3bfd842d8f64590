/* The comment of a case: Ctrl or ⌘ with Enter sends it, a pasted or dropped picture is attached
   and shown where the caret stands. And the link of the case to copy. */

for (const form of document.querySelectorAll("form[data-og-composer]")) {
  const text = form.querySelector("textarea");
  const said = form.querySelector("[data-og-said]");

  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    if (text.value.trim()) form.requestSubmit();
  });

  async function attach(files) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    for (const file of files) data.append("attachments", file, named(file));
    said.textContent = form.dataset.ogUploading;
    try {
      const answer = await fetch(form.dataset.ogPaste, { method: "POST", body: data });
      const { text: words, said: refusal } = answer.redirected ? {} : await answer.json();
      if (!words) throw new Error(refusal ?? "");
      const gap = text.selectionStart && !text.value.slice(0, text.selectionStart).endsWith("\n") ? "\n" : "";
      text.setRangeText(`${gap}${words}\n`, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      said.textContent = "";
    } catch (error) {
      said.textContent = (error instanceof SyntaxError || !error.message) ? form.dataset.ogFailed : error.message;
    }
  }

  const named = (file) => {
    if (file.name && file.name !== "image.png") return file.name;
    const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString();
    return `${now.slice(0, 19).replace(/[T:]/g, "-")}.${file.type.split("/")[1]?.replace("jpeg", "jpg") ?? "png"}`;
  };
  const pictures = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));

  text.addEventListener("paste", (event) => {
    const files = pictures(event.clipboardData);
    if (!files.length) return;
    event.preventDefault();
    attach(files);
  });
  text.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  text.addEventListener("drop", (event) => {
    const files = pictures(event.dataTransfer);
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    if (files.length) attach(files);
    else said.textContent = form.dataset.ogFailed;
  });
}

for (const button of document.querySelectorAll("[data-og-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.ogCopy);
    const words = button.querySelector("span");
    const before = words.textContent;
    words.textContent = button.dataset.ogCopied;
    setTimeout(() => { words.textContent = before; }, 4000);
  });
}
