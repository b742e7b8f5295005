// A passkey is made or asked for by the browser; what it answers goes with the form.
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
        // Refused, timed out, or too old a browser: the other ways stay open.
        said.textContent = form.dataset.refused;
        said.hidden = false;
      }
    });
  }
});
