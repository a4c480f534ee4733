// What a desk keeps on the tablet: the roster, and the queue of taps that were not sent yet. A tap is in the database before
// the screen changes; only the server's answer takes it out. Wiping forgets the riders and keeps the queue.
import { Database, done } from "../offline/database.js";

const NAME = "sign-on", VERSION = 1;

export class Store extends Database {
  static open() {
    return super.open(NAME, VERSION, { roster: "key", queue: "key", conflicts: "key" });
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
