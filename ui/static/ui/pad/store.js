// What a phone keeps: the pads it has a key for, who rides, and every tap. A tap is on the disk before it is on the screen.
import { Database } from "../offline/database.js";

export class Store extends Database {
  static open() {
    return super.open("pad", 1, { pads: "id", entries: "key", kept: "key" });
  }

  /** A pad with its key and what it knows: {id, secret, meta, rows, etag, clock}. */
  keepPad(pad) {
    return this.write(["pads"], (table) => table.put(pad));
  }

  keep(entry) {
    return this.write(["entries"], (table) => table.put(entry));
  }

  /** Change an entry as it is on the disk now, which another tab may have done a moment ago. `change` returns the new one. */
  async change(key, change) {
    let changed = null;
    await this.write(["entries"], (table) => {
      const found = table.get(key);
      found.onsuccess = () => {
        if (!found.result) return;
        changed = change(found.result);
        if (changed !== found.result) table.put(changed);
      };
    });
    return changed;
  }

  /** Change many entries in one transaction: key -> change. */
  changeAll(changes) {
    return this.write(["entries"], (table) => {
      for (const [key, change] of changes) {
        const found = table.get(key);
        found.onsuccess = () => { if (found.result) table.put(change(found.result)); };
      }
    });
  }

  async entries() {
    return (await this.all("entries")).sort((one, other) => one.made - other.made || one.turn - other.turn);
  }

  /** Forget who rides; the keys and the taps stay. */
  async forget() {
    const pads = await this.all("pads");
    await this.write(["pads"], (table) => { for (const pad of pads) table.put({ ...pad, rows: [], etag: null }); });
  }
}
