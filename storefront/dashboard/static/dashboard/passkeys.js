// The browser creates or requests a passkey; its response is submitted with the form.
document.addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const said = form.querySelector(".factor-said");
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      said.hidden = true;
      try {
        const asked = JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
        const answer = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
        form.elements.credential.value = JSON.stringify(answer.toJSON());
        form.submit();
      } catch {
        // Refused, timed out, or an old browser: the other methods remain.
        said.textContent = form.dataset.refused;
        said.hidden = false;
      }
    });
  }
});
