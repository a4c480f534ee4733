// A part marked `data-fresh="seconds"` is fetched again from this very page. Nothing moves while somebody types, has focus
// or a finger in it, or looks elsewhere; what cannot be fetched stays, with its age.
export function fresh(root) {
  for (const part of root.querySelectorAll("[data-fresh]")) watch(part);
}

function watch(part) {
  const every = Number(part.dataset.fresh) * 1000;
  const age = part.id ? document.querySelector(`[data-age-of="${part.id}"]`) : null;
  let seen = Date.now();
  let held = false;
  part.addEventListener("pointerdown", () => { held = true; });
  addEventListener("pointerup", () => { held = false; });
  addEventListener("pointercancel", () => { held = false; });
  const show = (ok) => {
    if (!age) return;
    age.className = ok ? "age" : "age age-stale";
    age.textContent = (ok ? age.dataset.now : age.dataset.old).replace("{time}", clock(seen, age.dataset.zone));
  };
  const busy = () => document.hidden || held || part.contains(document.activeElement);
  setInterval(async () => {
    if (busy()) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Fresh": part.id } });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const text = await answer.text();
      const next = new DOMParser().parseFromString(text, "text/html").getElementById(part.id);
      if (busy()) return;
      seen = Date.now();
      if (next && next.innerHTML !== part.innerHTML) part.innerHTML = next.innerHTML;
      if (next && next.dataset.fresh === undefined) location.reload();
      show(true);
    } catch {
      show(false);
    }
  }, every);
  show(true);
}

// The time at the venue, as everything on the page is.
function clock(at, zone) {
  return new Date(at).toLocaleTimeString("en-GB", zone ? { timeZone: zone } : {});
}
