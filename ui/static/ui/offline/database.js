// The browser's own database as promises. What was written is on the disk when the promise is kept.

/** A request of IndexedDB as a promise. */
export const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export class Database {
  /** Open (or make) a database of tables whose rows are found by their `keyPath`; {table: keyPath}. */
  static async open(name, version, tables) {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => {
      for (const [table, keyPath] of Object.entries(tables)) {
        if (!request.result.objectStoreNames.contains(table)) request.result.createObjectStore(table, { keyPath });
      }
    };
    const opened = new this();
    opened.db = await done(request);
    // Another tab that wants to delete or upgrade must not wait for this one.
    opened.db.onversionchange = () => opened.db.close();
    return opened;
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

  get(name, key) {
    return done(this.db.transaction(name).objectStore(name).get(key));
  }
}
