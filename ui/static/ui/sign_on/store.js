// What a desk keeps on the tablet: the roster, and the queue of taps that were not sent yet. A tap is in the database before
// the screen changes; only the server's answer takes it out. Wiping forgets the riders and keeps the queue.
const NAME = "sign-on", VERSION = 1;

/** A request of IndexedDB as a promise. */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export class Store {
  static async open() {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const name of ["roster", "queue", "conflicts"]) request.result.createObjectStore(name, { keyPath: "key" });
    };
    const store = new Store();
    store.db = await done(request);
    // Another tab that wants to delete or upgrade must not wait for this one.
    store.db.onversionchange = () => store.db.close();
    return store;
  }

  /** Run `work(table...)` in one transaction and wait until it is on the disk. */
  async write(names, work) {
    const transaction = this.db.transaction(names, "readwrite", { durability: "strict" });
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
    work(...names.map((name) => transaction.objectStore(name)));
    await ended;
  }

  all(name) {
    return done(this.db.transaction(name).objectStore(name).getAll());
  }

  /** {meta, rows} of an edition as it was last kept, or null. */
  async roster(edition) {
    const table = this.db.transaction("roster").objectStore("roster");
    const [meta, rows] = await Promise.all([done(table.get(`${edition} meta`)), done(table.get(`${edition} rows`))]);
    return meta && rows ? { meta: meta.meta, rows: rows.rows } : null;
  }

  /** Keep what is known of a roster; `rows` null where only its age or its clock moved. */
  keepRoster(edition, meta, rows) {
    return this.write(["roster"], (table) => {
      table.put({ key: `${edition} meta`, meta });
      if (rows) table.put({ key: `${edition} rows`, rows });
    });
  }

  /** A tap, before the screen shows it. Taps keep the order in which they were made. */
  keep(event) {
    return this.write(["queue"], (table) => table.put(event));
  }

  queue() {
    return this.all("queue").then((events) => events.sort((one, other) => one.made - other.made || one.turn - other.turn));
  }

  conflicts() {
    return this.all("conflicts").then((cards) => cards.sort((one, other) => one.event.made - other.event.made));
  }

  /** The server answered: what it took leaves the queue, what it could not take becomes a card for a person. */
  answered(keys, cards) {
    return this.write(["queue", "conflicts"], (queue, conflicts) => {
      for (const card of cards) conflicts.put(card);
      for (const key of keys) queue.delete(key);
    });
  }

  resolve(key, event = null) {
    return this.write(["conflicts", "queue"], (conflicts, queue) => {
      if (event) queue.put(event);
      conflicts.delete(key);
    });
  }

  wipe() {
    return this.write(["roster"], (table) => table.clear());
  }
}
