// Search over the riders of all races, on the device: bib, Chinese name, pinyin, initials.
import { bib, el, icon, mark } from "./dom.js";
import { mainName, otherName, teamOf } from "./names.js";
import { say } from "./words.js";

const MOST = 30;
const SYLLABLE = /(?:zh|ch|sh|[bcdfghjklmnpqrstwxyz])?[aeiouv]+(?:ng(?![aeiouv])|[nr](?![aeiouv]))?/g;

const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/ü/g, "v");

/** What a Latin name can be found by: written together, the other way round, and by its initials. */
export function keysOf(latin) {
  const words = plain(latin || "").split(/[^a-z]+/).filter(Boolean);
  const initials = words.map((word) => (word.match(SYLLABLE) || [word]).map((one) => one[0]).join("")).join("");
  return [words.join(""), [...words.slice(1), words[0] || ""].join(""), initials, words.map((word) => word[0]).join("")];
}

/** The better a rider fits the question the lower the number; null does not fit. */
export function fit(question, number, rider) {
  const asked = question.trim();
  if (/^\d+$/.test(asked)) return String(number) === asked ? 0 : String(number).startsWith(asked) ? 1 : null;
  if (!asked) return null;
  if (rider.zh && rider.zh.includes(asked)) return rider.zh.startsWith(asked) ? 0 : 2;
  const latin = plain(asked).replace(/[^a-z]/g, "");
  if (!latin) return null;
  const keys = rider.keys || (rider.keys = keysOf(rider.latin));
  if (keys.some((key) => key === latin)) return 0;
  if (keys.some((key) => key.startsWith(latin))) return 1;
  return latin.length > 2 && keys[0].includes(latin) ? 3 : null;
}

export function search(question, boards, slugs) {
  const found = [];
  for (const slug of slugs) {
    const board = boards.get(slug);
    for (const [number, rider] of Object.entries(board?.riders || {})) {
      const score = fit(question, Number(number), rider);
      if (score !== null) found.push({ slug, number: Number(number), rider, score, row: board.byBib.get(Number(number)) });
    }
  }
  return found.sort((a, b) => a.score - b.score || a.number - b.number).slice(0, MOST);
}

export class Search {
  /** `hands`: {boards(), races, follow, choose(slug, bib), star(slug, bib), ready()}. */
  constructor(dialog, hands) {
    this.dialog = dialog;
    this.hands = hands;
    this.input = dialog.querySelector("input");
    this.results = dialog.querySelector("ul");
    this.hint = dialog.querySelector("[data-at=search-hint]");
    this.input.addEventListener("input", () => this.draw());
    dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); this.results.querySelector(".found-open")?.click(); });
    this.results.addEventListener("click", (event) => this.clicked(event));
    for (const button of document.querySelectorAll("[data-open-search]")) button.addEventListener("click", () => this.open());
    addEventListener("keydown", (event) => {
      if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) { event.preventDefault(); this.open(); }
    });
  }

  open() {
    this.hands.ready();
    if (!this.dialog.open) this.dialog.showModal();
    this.input.select();
    this.draw();
  }

  clicked(event) {
    const item = event.target.closest("li");
    if (!item) return;
    const slug = item.dataset.race, number = Number(item.dataset.bib);
    if (event.target.closest(".star")) { this.hands.star(slug, number); this.draw(); return; }
    this.dialog.close();
    this.hands.choose(slug, number);
  }

  draw() {
    const question = this.input.value;
    const found = search(question, this.hands.boards(), [...this.hands.races.keys()]);
    this.results.replaceChildren(...found.map((one) => this.item(one)));
    this.hint.textContent = found.length ? "" : say(question.trim() ? "search.none" : "search.hint");
  }

  item({ slug, number, rider }) {
    const race = this.hands.races.get(slug), followed = this.hands.follow.has(slug, number);
    return el("li", { data: { race: slug, bib: number } },
      el("button", { cls: "found-open", type: "button" }, mark(race.mark), bib(number, race.mark, "bib-fill"),
        el("span", { cls: "found-who" }, el("span", { cls: "cut" }, el("b", {}, mainName(rider)), " ", el("small", {}, otherName(rider))),
          el("span", { cls: "cut tiny soft" }, [race.short, teamOf(rider)].filter(Boolean).join(" · ")))),
      el("button", { cls: "star", type: "button", ariaPressed: String(followed), ariaLabel: say("star.follow", { bib: number }) }, icon("star")));
  }
}
