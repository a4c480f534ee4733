// The rows of a file that could not be read are fetched when somebody opens them.

document.getElementById("up-recent").addEventListener("toggle", async (event) => {
  const { rows } = event.target.dataset;
  const place = event.target.querySelector("div");
  if (!rows || !event.target.open || place.childElementCount) return;
  const answer = await fetch(rows);
  if (!answer.ok) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  place.replaceChildren(...parsed.body.childNodes);
}, true);
