{% autoescape off %}// Keeps a page and what it is made of, so that it opens without a network. What the page knows is in its own database.
// `lead`: addresses that show the kept page where they cannot be reached themselves.
const SHELL = "{{ shell }}", NAME = "{{ cache }}-", CACHE = "{{ cache }}-{{ version }}", SLOW = 4000;
const ASSETS = new Set([{% for asset in assets %}"{{ asset }}"{% if not forloop.last %}, {% endif %}{% endfor %}]);
const LEAD = new Set([{% for address in lead %}"{{ address }}"{% if not forloop.last %}, {% endif %}{% endfor %}]);
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
    for (const name of await caches.keys()) if (name.startsWith(NAME) && name !== CACHE) await caches.delete(name);
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

async function page(request, shell) {
  try {
    const answer = await soon(request);
    if (shell) await keepShell(answer);
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
  const shell = url.pathname === SHELL;
  if (event.request.mode === "navigate" && (shell || LEAD.has(url.pathname))) event.respondWith(page(event.request, shell));
  else if (ASSETS.has(url.pathname)) event.respondWith(asset(event.request, url.pathname));
});
