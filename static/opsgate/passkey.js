/* Passkeys. A form with data-og-passkey asks the browser for one and sends what it answers. */

const bytes = (text) => Uint8Array.from(
  atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/* Browsers know passkeys for names only, never for a bare address such as 127.0.0.1. */
const isPossible = Boolean(window.PublicKeyCredential) && window.isSecureContext
  && !/^[\d.]+$|^\[/.test(location.hostname);

function understood({ publicKey }) {
  const known = (keys) => keys?.map((key) => ({ ...key, id: bytes(key.id) }));
  return {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    ...(publicKey.user && { user: { ...publicKey.user, id: bytes(publicKey.user.id) } }),
    ...(publicKey.excludeCredentials && { excludeCredentials: known(publicKey.excludeCredentials) }),
    ...(publicKey.allowCredentials && { allowCredentials: known(publicKey.allowCredentials) }),
  };
}

function written(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  });
}

async function options(form) {
  const given = document.getElementById(form.dataset.options ?? "");
  if (given) return JSON.parse(given.textContent);
  const asked = new FormData(form);
  asked.delete("credential");
  const answer = await fetch(form.action, { method: "POST", body: asked });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function ask(form) {
  const publicKey = understood(await options(form));
  const credential = form.dataset.ogPasskey === "create"
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  form.elements.credential.value = written(credential);
  form.requestSubmit();
}

for (const form of document.querySelectorAll("form[data-og-passkey]")) {
  const [button, failure] = ["button", "[data-og-failure]"].map((one) => form.querySelector(one));
  form.closest("[data-og-passkeys]").hidden = !isPossible;
  button.addEventListener("click", () => {
    failure.hidden = true;
    button.disabled = true;
    ask(form).catch(() => { failure.hidden = false; }).finally(() => { button.disabled = false; });
  });
}
for (const note of document.querySelectorAll("[data-og-no-passkeys]")) note.hidden = isPossible;
