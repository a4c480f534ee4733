// The live page: puts the parts together and keeps time.
import { drawChart } from "./chart.js";
import { EventClock } from "./clock.js";
import { fromBoard, isOfficial } from "./board.js";
import { setSprites, setText } from "./dom.js";
import { drawEvents } from "./events.js";
import { Follow, Pinned } from "./follow.js";
import { AGEING_MS, Headline, STALE_MS } from "./headline.js";
import { List } from "./list.js";
import { drawResult } from "./result.js";
import { places } from "./road.js";
import { Search } from "./search.js";
import { drawSituation, listedGroups, mineOf } from "./situation.js";
import { Stream } from "./stream.js";
import { Strip } from "./strip.js";
import { date, setZone, timeOfDay } from "./when.js";
import { Why } from "./why.js";
import { say, setWords } from "./words.js";

const TICK_MS = 250, STRIP_MS = 1000;

class Page {
  constructor(data) {
    Object.assign(this, { data, root: document.getElementById("live"), clock: new EventClock() });
    this.races = new Map(data.races.map((race) => [race.slug, race]));
    this.seen = new Map(Object.entries(data.boards).map(([slug, board]) => [slug, fromBoard(board)]));
    this.follow = new Follow(data.edition.slug);
    this.headline = new Headline(this.root, data.races);
    this.strip = new Strip(this.at("strip"));
    const star = (slug, number) => { this.follow.switch(slug, number); this.drawAll(); };
    const hands = { boards: () => this.seen, races: this.races, follow: this.follow, star, now: () => this.clock.event(), urls: data.urls };
    this.why = new Why(document.getElementById("why"), data.urls.why, hands);
    this.list = new List(this.at("list"), { why: (number) => this.why.open(this.race, number), star: (number) => star(this.slug, number),
      followed: (number) => this.follow.has(this.slug, number) });
    this.search = new Search(document.getElementById("search"), { ...hands, choose: (slug, number) => this.choose(slug, number), ready: () => this.fetchAll() });
    this.pinned = new Pinned(document.getElementById("pinned"), (slug, number) => this.choose(slug, number));
    this.stream = new Stream({ streamUrl: data.urls.stream, boardUrl: data.urls.board, slugs: [...this.races.keys()], current: () => this.slug,
      say: { board: (slug, board) => this.took(slug, board), heard: (pulse) => this.heard(pulse), broken: () => {} } });
    this.heardAt = null;
    this.openedAt = Date.now();
  }

  at(name) { return this.root.querySelector(`[data-at="${name}"]`); }
  get race() { return this.races.get(this.slug); }
  get board() { return this.seen.get(this.slug); }

  start() {
    const told = this.data.edition.clock;  // the server's word of this moment; a board may be of a clock long stopped
    const laws = [...this.seen.values()].map((board) => board.clock);
    this.clock.setLaw(told !== undefined ? told : laws[0]);
    for (const law of laws) this.clock.offerLaw(law);
    this.pick();
    addEventListener("hashchange", () => this.pick());
    let resized = 0;
    addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(() => this.drawAll(), 150); });
    this.at("show-list").addEventListener("click", () => { this.root.classList.add("shows-list"); this.drawAll(); });
    setInterval(() => this.tick(), TICK_MS);
    setInterval(() => this.tickStrip(), STRIP_MS);
    this.stream.start();
    this.root.dataset.ready = "true";
  }

  /** The race of the address; else the one that is being ridden; else the first. */
  pick() {
    const named = decodeURIComponent(location.hash.slice(1));
    const live = this.data.races.find(({ slug }) => this.seen.get(slug)?.phase === "live");
    const slug = this.races.has(named) ? named : (live || this.data.races[0]).slug;
    if (slug === this.slug) return;
    this.slug = slug;
    this.list.reset();
    this.root.classList.remove("shows-list");
    if (this.stream.source && !this.stream.boards.has(slug)) this.stream.fetchBoard(slug);
    this.drawAll();
  }

  choose(slug, number) {
    if (slug !== this.slug) { history.pushState(null, "", `#${slug}`); this.pick(); }
    this.why.open(this.races.get(slug), number);
  }

  fetchAll() {
    for (const slug of this.races.keys()) if (!this.stream.boards.has(slug)) this.stream.fetchBoard(slug).then(() => this.search.draw());
  }

  took(slug, board) {
    this.seen.set(slug, board);
    this.clock.offerLaw(board.clock);
    if (slug === this.slug) this.drawAll();
    else this.headline.tabs(this.seen, this.slug);
  }

  heard(pulse) {
    this.heardAt = Date.now();
    if (!pulse) return;
    this.clock.hear(pulse.real);
    const law = pulse.clocks?.[this.data.edition.slug];
    if (law !== undefined) this.clock.setLaw(law);
  }

  get age() {
    const since = Date.now() - (this.heardAt ?? this.openedAt);
    const level = since >= STALE_MS ? "stale" : since >= AGEING_MS ? "ageing" : this.heardAt === null ? "waiting" : "live";
    return { since, level, stopped: this.clock.event(Date.now() - since) };
  }

  drawAll() {
    const { board, race } = this;
    this.headline.tabs(this.seen, this.slug);
    if (!board) return;
    const followed = this.follow.bibs(this.slug), mine = mineOf(board, followed);
    const nothing = !board.rows.some((row) => row.laps || row.status === "racing") && !board.leader;
    this.root.classList.toggle("is-empty", nothing);
    this.root.classList.toggle("has-long-bibs", board.rows.some((row) => row.bib > 999));
    this.headline.board(race, board);
    this.at("sheet").href = this.data.urls.sheet.replace("{slug}", this.slug);
    this.at("sheet").hidden = nothing;
    drawSituation(this.at("groups"), board, race, followed);
    this.at("situation").hidden = !board.groups.length;
    if (matchMedia("(min-width: 1100px)").matches) {
      drawChart(this.at("gaps"), board.chart, board.groups, mine);
      drawEvents(this.at("events"), board.events);
    }
    setText(this.at("order-title"), say(board.phase === "closed" ? "order.closed" : nothing ? "part.waiting" : "order.now"));
    setText(this.at("on-course"), board.phase === "live" ? say("order.hint", { n: board.counts.racing }) : say("order.hint.closed"));
    setText(this.at("entered"), say("riders", { n: board.counts.entered }));
    setText(this.at("distance-facts"), say("empty.distance", { total: (board.start_m + board.laps * board.lap_m) / 1000, n: board.laps, km: board.lap_m / 1000 }));
    const at = Date.parse(board.last || board.gun || board.planned);
    setText(this.at("stamp"), say("stamp", { n: board.revision, date: date(at), time: timeOfDay(at) }));
    setText(this.at("provisional"), say(isOfficial(board) ? `note.${board.standing}` : "note.provisional"));
    this.list.show(board, race);
    this.why.refresh();
    this.tick();
    this.tickStrip();
  }

  tick() {
    const { board } = this, age = this.age;
    this.headline.age(age.level, age.since, age.stopped, board);
    if (!board) return;
    this.headline.tick(board, this.clock.event(), age.level);
    drawResult(this.at("result"), board, this.clock.event(), this.data.urls.verify);
    const stopped = age.level === "stale" ? age.stopped : null;
    const closedAt = board.phase === "closed" ? Date.parse(board.last || board.planned) : null;
    setText(this.at("situation-time"), timeOfDay(closedAt ?? stopped ?? this.clock.event()));
    setText(this.at("strip-title"), stopped === null ? say("strip.title.phone") : say("situation.at", { time: timeOfDay(stopped) }));
    this.pinned.draw({ follow: this.follow, boards: this.seen, races: this.races, now: () => this.clock.event(), stoppedAt: stopped,
      inView: (slug, number) => slug === this.slug && this.inView(number) });
  }

  inView(number) {
    const box = this.list.rowNode(number)?.getBoundingClientRect();
    return Boolean(box && box.height && box.bottom > 60 && box.top < innerHeight - 90);
  }

  tickStrip() {
    const { board, race } = this;
    if (!board) return;
    const racing = board.phase === "live" && board.counts.racing > 0, stale = this.age.level === "stale";
    const found = racing && !stale ? places(board, this.clock.event()) : [];
    this.at("road").hidden = !(racing && (stale ? board.groups.length : found.length)) || (race.course.profile.length < 2);
    if (this.at("road").hidden) return;
    setText(this.at("strip-how"), say("strip.how", { n: Math.min((board.leader?.laps ?? 0) + 1, board.laps) }));
    this.strip.profile(race.course, this.data.lang);
    const mine = mineOf(board, this.follow.bibs(this.slug));
    this.strip.groups(found, mine, listedGroups(board, mine).map((group) => group.key));
  }
}

const data = JSON.parse(document.getElementById("live-data").textContent);
setWords(data.words, data.lang);
setZone(data.edition.zone);
setSprites(data.sprites);
new Page(data).start();
