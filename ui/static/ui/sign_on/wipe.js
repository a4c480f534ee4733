// The sign-in page was shown: nobody is signed in on this device, so it forgets the riders. Taps not sent yet stay.
import { Store } from "./store.js";

const known = await (indexedDB.databases?.() ?? Promise.resolve([{ name: "sign-on" }]));
if (known.some((one) => one.name === "sign-on")) await (await Store.open()).wipe();
if (globalThis.caches) for (const name of await caches.keys()) if (name.startsWith("sign-on")) await caches.delete(name);
document.documentElement.dataset.wiped = "yes";
