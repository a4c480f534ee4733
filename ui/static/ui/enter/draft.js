// What was typed, kept in this browser until it is sent: everything but the document's number, which is only kept in the
// tab. The key of the form is part of it, so that a reload, a second tab or a second tap is the same form.
const SKIP = new Set(["csrfmiddlewaretoken", "version", "signer", "accept", "identity_number", "key"]);

const safely = (act) => { try { return act(); } catch { return null; } };

export class Draft {
  constructor(slug, store = localStorage, tab = sessionStorage) {
    this.name = `entry:${slug}`;
    this.store = store;
    this.tab = tab;
  }

  read() {
    const text = safely(() => this.store.getItem(this.name));
    return text ? safely(() => JSON.parse(text)) : null;
  }

  save(form) {
    const fields = {};
    for (const control of form.elements) {
      if (!control.name || SKIP.has(control.name) || control.type === "file") continue;
      if (control.type === "checkbox" || control.type === "radio") {
        if (control.checked) (fields[control.name] ??= []).push(control.value);
      } else if (control.value) fields[control.name] = [control.value];
    }
    const whole = { key: form.elements.key.value, fields };
    safely(() => this.store.setItem(this.name, JSON.stringify(whole)));
    safely(() => this.tab.setItem(this.name, form.elements.identity_number.value));
  }

  /** Put the draft into the form. Returns whether there was one. */
  restore(form) {
    const kept = this.read();
    if (!kept?.fields) return false;
    form.elements.key.value = kept.key;
    for (const control of form.elements) {
      if (!control.name || SKIP.has(control.name) || control.type === "file") continue;
      const values = kept.fields[control.name] ?? [];
      if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else if (values.length) control.value = values[0];
    }
    form.elements.identity_number.value = safely(() => this.tab.getItem(this.name)) ?? "";
    return Object.keys(kept.fields).some((name) => name !== "kind");
  }

  clear() {
    safely(() => this.store.removeItem(this.name));
    safely(() => this.tab.removeItem(this.name));
  }
}
