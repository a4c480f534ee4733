// Bytes on their way: one request with its progress, and large files in pieces that go on where a broken line stopped.

export const AT_ONCE = 8 * 1024 * 1024;
const RETRY_MS = 3000;

export class Refused extends Error {}
export class Lost extends Error {}
export class SignedOut extends Error {}

/** One request. `progress(sent)` in bytes; resolves with status and text, rejects with Lost where there is no answer, and
 * with SignedOut where it is the page to sign in. */
export function request(method, url, body, { headers = {}, progress = () => {}, token = "" } = {}) {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest();
    asked.open(method, url);
    asked.setRequestHeader("X-CSRFToken", token);
    asked.setRequestHeader("Accept-Language", document.documentElement.lang);
    for (const [name, value] of Object.entries(headers)) asked.setRequestHeader(name, value);
    asked.upload.addEventListener("progress", (event) => progress(event.loaded));
    const elsewhere = () => new URL(asked.responseURL).pathname !== new URL(url, location.href).pathname;
    asked.addEventListener("load", () => (elsewhere() ? reject(new SignedOut()) : resolve(asked)));
    for (const gone of ["error", "abort", "timeout"]) asked.addEventListener(gone, () => reject(new Lost()));
    asked.send(body);
  });
}

/** The answer as JSON; the sentence of a refusal is thrown. */
export function answered(asked) {
  let said = {};
  try {
    said = JSON.parse(asked.responseText);
  } catch {
    // an answer that is no JSON is told by its status
  }
  if (asked.status >= 400) throw new Refused(said.errors?.[0]?.detail ?? `${asked.status}`);
  return said;
}

/** Send a file as a delivery: at once, or in pieces where it is large. Returns what became of it. */
export async function deliver(file, options, places, { progress, lost, token }) {
  const query = new URLSearchParams({ ...options, name: file.name, edition: places.edition });
  if (file.size <= AT_ONCE) {
    const headers = { "Content-Type": "application/octet-stream" };
    const url = `${places.deliveries}?${query}`;
    // Without a key the same bytes are the same delivery: trying again after a lost answer adds nothing.
    return answered(await patient(() => request("POST", url, file, { headers, progress, token }), lost));
  }
  return inPieces(file, options, places, { progress, lost, token });
}

async function inPieces(file, options, places, { progress, lost, token }) {
  const said = JSON.stringify({ ...options, name: file.name, size: file.size });
  const key = `${file.name}:${file.size}:${file.lastModified}:${said.length}:${await mark(said)}`;
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  const url = `${places.uploads}?edition=${encodeURIComponent(places.edition)}`;
  let upload = answered(await patient(() => request("POST", url, said, { headers, token }), lost));
  const address = `${places.uploads}${upload.code}/`;
  while (upload.received < upload.size) {
    const from = upload.received;
    const piece = file.slice(from, from + upload.piece);
    const step = { headers: { "Content-Type": "application/partial-upload", "Upload-Offset": `${from}` }, token };
    try {
      const asked = await request("PATCH", address, piece, { ...step, progress: (sent) => progress(from + sent) });
      // Of a piece that arrived while its answer was lost we are told where to go on.
      upload = asked.status === 409 ? answered(await request("GET", address, null, { token })) : answered(asked);
      if (asked.status === 409 && upload.received === from) answered(asked);
    } catch (problem) {
      if (!(problem instanceof Lost)) throw problem;
      lost(true);
      upload = answered(await patient(() => request("GET", address, null, { token }), lost, true));
    }
  }
  return upload.delivery;
}

/** Try until there is an answer. `lost(true)` while there is none. */
async function patient(ask, lost, late = false) {
  for (let first = !late; ; first = false) {
    if (!first) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      const asked = await ask();
      if (asked.status !== 503) {
        lost(false);
        return asked;
      }
    } catch (problem) {
      if (!(problem instanceof Lost)) throw problem;
    }
    lost(true);
  }
}

async function mark(text) {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return sum.toString(16);
}
