// Send the form once. No signal is no loss: the form says so and waits for the next tap, which is the same form.

/** Send; `done(path)` when it is entered, `wrong(document)` when something is to be put right, `lost()` without a signal. */
export async function send(form, { done, wrong, lost }) {
  if (form.dataset.sending !== undefined) return;
  const button = form.querySelector("button[type=submit]"), word = button.textContent;
  form.dataset.sending = "";
  button.classList.add("button-busy");
  button.textContent = button.dataset.busy;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form),
      headers: { Accept: "application/json, text/html" } });
    if ((answer.headers.get("Content-Type") || "").startsWith("application/json")) return done((await answer.json()).to);
    if (answer.status >= 500) return lost();
    return wrong(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    return lost();
  } finally {
    delete form.dataset.sending;
    button.classList.remove("button-busy");
    button.textContent = word;
  }
}
