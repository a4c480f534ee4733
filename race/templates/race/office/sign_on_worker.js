{% autoescape off %}// Keeps the sign-on page and what it is made of, so that it opens without a network. The riders are in the page's own database.
const SHELL = "{{ scope }}", CACHE = "sign-on-1", SLOW = 4000;
const ASSETS = new Set([{% for asset in assets %}"{{ asset }}"{% if not forloop.last %}, {% endif %}{% endfor %}]);
{% endautoescape %}
self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...ASSETS]);
    await keepShell(await fetch(SHELL, { credentials: "same-origin" }));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("sign-on-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

/** The page itself, never the sign-in page it may lead to. */
async function keepShell(answer) {
  if (!answer.ok || answer.redirected || answer.type !== "basic") return;
  await (await caches.open(CACHE)).put(SHELL, answer.clone());
}

const soon = (request) => Promise.race([
  fetch(request),
  new Promise((_, reject) => setTimeout(() => reject(new Error("slow")), SLOW)),
]);

async function page(request) {
  try {
    const answer = await soon(request);
    await keepShell(answer);
    return answer;
  } catch {
    return await caches.match(SHELL) ?? Response.error();
  }
}

async function asset(request, path) {
  try {
    const answer = await soon(request);
    if (answer.ok) await (await caches.open(CACHE)).put(path, answer.clone());
    return answer;
  } catch {
    return await caches.match(path) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === SHELL) event.respondWith(page(event.request));
  else if (ASSETS.has(url.pathname)) event.respondWith(asset(event.request, url.pathname));
});
