// Places left, as they change: asked again every ten seconds while somebody looks.
const EVERY_MS = 10_000;
const age = document.querySelector("[data-places]");

/** One card as the answer says; what is not in it stays as it is. */
export function show(card, row) {
  const some = row.left > 0, few = some && row.left <= row.capacity * 0.15;
  card.querySelector(".left-some").hidden = !some;
  card.querySelector(".left-none").hidden = some;
  for (const [name, value] of [["left", row.left], ["all", row.capacity], ["waiting", row.waiting]]) {
    const place = card.querySelector(`[data-${name}]`);
    if (place && place.textContent !== String(value)) {
      place.textContent = value;
      card.classList.add("is-new");
      setTimeout(() => card.classList.remove("is-new"), 1200);
    }
  }
  card.querySelector(".event-left").classList.toggle("is-few", few);
  const part = row.capacity ? Math.min(100, Math.round((100 * row.taken) / row.capacity)) : 100;
  card.querySelector(".places rect").setAttribute("width", part);
}

const time = (at) => at.toLocaleTimeString("en-GB");

async function ask() {
  if (document.hidden) return;
  try {
    const answer = await fetch(age.dataset.places, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    for (const row of (await answer.json()).categories) {
      const card = document.querySelector(`.event-card[data-race="${row.race}"][data-code="${row.category}"]`);
      if (card && card.querySelector(".event-places")) show(card, row);
    }
    said(age.dataset.said, new Date());
  } catch {
    said(age.dataset.lost, null);
  }
}

/** The line under the cards: as of when the figures are; without an answer the old time stays. */
function said(words, at) {
  const clock = age.querySelector("[data-clock]");
  if (at) {
    clock.dateTime = at.toISOString();
    clock.textContent = time(at);
  }
  age.firstChild.textContent = `${words} `;
  age.classList.toggle("is-lost", !at);
}

if (age) {
  age.dataset.said = age.firstChild.textContent.trim();
  const clock = age.querySelector("[data-clock]");
  clock.textContent = time(new Date(clock.dateTime));
  setInterval(ask, EVERY_MS);
  document.addEventListener("visibilitychange", ask);
}
