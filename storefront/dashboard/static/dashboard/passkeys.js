// The browser creates or requests a passkey; its response is submitted with the form.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const message = form.querySelector(".factor-error");
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      message.hidden = true;
      try {
        const options = JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
        const answer = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
        form.elements.credential.value = JSON.stringify(answer.toJSON());
        form.submit();
      } catch {
        // Refused, timed out, or an old browser: the other methods remain.
        message.textContent = form.dataset.refused;
        message.hidden = false;
      }
    });
  }
});
