// Asks the browser for a passkey where a form needs one, and sends the answer as a field of that form.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const listed = (credentials) => (credentials ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: listed(options.excludeCredentials),
    },
  });
  return answer(made, ["clientDataJSON", "attestationObject"]);
}

async function get(options) {
  const found = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: listed(options.allowCredentials),
    },
  });
  return answer(found, ["clientDataJSON", "authenticatorData", "signature"]);
}

function answer(credential, names) {
  const response = Object.fromEntries(names.map((name) => [name, text(credential.response[name])]));
  return JSON.stringify({ id: credential.id, rawId: credential.id, type: credential.type, response });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) {
      return;
    }
    event.preventDefault();
    const ask = form.dataset.passkey === "create" ? create : get;
    try {
      form.elements.credential.value = await ask(JSON.parse(form.dataset.options));
      form.requestSubmit(event.submitter);
    } catch {
      form.querySelector("[role=alert]").hidden = false;
    }
  });
}
