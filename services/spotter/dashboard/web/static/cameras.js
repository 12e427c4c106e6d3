// The grid of camera cards. Views come ten times a second; a card is drawn at most once per screen refresh.

import { coverageOf } from "./coverage.js";
import { COLOURS, draw } from "./draw.js";
import { el, reconcile, setText } from "./dom.js";
import { POSTURES, duration, interval, milliseconds, rate, words } from "./format.js";

const STATES = {
  connecting: "Connecting",
  live: "Live",
  degraded: "Degraded",
  stalled: "Stalled",
  backing_off: "Backing off",
  disabled: "Switched off",
  ended: "Ended",
  failed: "Failed",
};
const DELIVERS = ["live", "degraded"];
const NO_VIEW = { width: 16, height: 10, people: [] };
const STALE_MS = 3000;
const BANDS = [
  ["upright", "at most 20°"],
  ["bent", "at least 20°"],
  ["deep", "at least 60°"],
  ["unproven", "unproven"],
  ["not_observable", "not observable"],
];

const grid = document.getElementById("cameras");
const cards = new Map();
const waiting = new Set();
let scheduled = false;

/** Takes the newest views of all cameras. */
export function showCameras({ cameras }) {
  reconcile(grid, cameras, {
    key: (camera) => camera.id,
    create: (camera) => {
      const card = new Card(camera.id);
      cards.set(camera.id, card);
      return card.root;
    },
    update: (_root, camera) => cards.get(camera.id).show(camera),
  });
  for (const name of cards.keys()) if (!cameras.some((camera) => camera.id === name)) cards.delete(name);
  document.getElementById("cameras-empty").hidden = cameras.length > 0;
  setText(document.getElementById("camera-count"), cameras.length ? String(cameras.length) : "");
}

function schedule(card) {
  waiting.add(card);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    for (const one of waiting) one.draw();
    waiting.clear();
  });
}

setInterval(() => cards.forEach((card) => card.tick()), 1000);

class Card {
  constructor(id) {
    this.id = id;
    this.view = null;
    this.health = null;
    this.freshAt = performance.now();
    this.picture = null;
    this.pictureTag = null;
    this.canvas = el("canvas", { role: "img", "aria-label": `Skeletons at ${id}` });
    this.notice = el("p", { className: "notice", hidden: true });
    this.chip = el("span", { className: "chip" });
    this.facts = el("p", { className: "facts" });
    this.people = el("ul", { className: "people", tabIndex: 0, "aria-label": `People at ${id}` });
    this.bar = el("div", { className: "bands", role: "img" });
    this.legend = el("ul", { className: "legend" });
    this.postureTotal = el("span", { className: "quiet" });
    this.segments = BANDS.map(([name]) => el("span", { data: { band: name } }));
    this.bar.append(...this.segments);
    this.shares = BANDS.map(() => el("b"));
    this.legend.append(
      ...BANDS.map(([name, label], index) =>
        el("li", {}, el("i", { data: { band: name } }), `${label} `, this.shares[index]),
      ),
    );
    this.root = el(
      "article",
      { className: "card", "aria-label": `Camera ${id}` },
      el("div", { className: "head" }, el("h3", { title: id }, id), this.chip),
      el("div", { className: "stage" }, this.canvas, this.notice),
      this.facts,
      this.people,
      el(
        "div",
        { className: "posture" },
        el("h4", {}, "Trunk inclination over time ", this.postureTotal),
        this.bar,
        this.legend,
      ),
    );
    this.showPosture();
    new ResizeObserver(() => schedule(this)).observe(this.canvas);
  }

  show({ view, health }) {
    this.health = health;
    if (view && view.sequence !== this.view?.sequence) {
      this.freshAt = performance.now();
      this.view = view;
      this.fetchBackground();
      this.showPeople();
      this.showPosture();
      schedule(this);
    }
    this.tick();
  }

  tick() {
    const state = this.health?.state ?? (this.view ? "live" : "connecting");
    const silent = performance.now() - this.freshAt;
    const delivers = DELIVERS.includes(state);
    const stale = delivers && silent > STALE_MS;
    const spoilt = delivers && !stale && this.health?.problems?.length > 0;
    const shown = stale ? "stale" : spoilt ? "degraded" : state;
    this.root.dataset.state = shown;
    this.chip.dataset.state = shown;
    setText(this.chip, stale ? "Silent" : spoilt ? "Not trusted" : words(state, STATES));
    let notice = "";
    if (stale) notice = `No new frame for ${duration(silent / 1000)}`;
    else if (spoilt || state !== "live") notice = this.health?.detail || words(state, STATES);
    this.notice.hidden = !notice;
    setText(this.notice, notice);
    const view = this.view;
    const count = view?.people.length;
    const people = `${count} ${count === 1 ? "person" : "people"}`;
    const facts = [view ? (delivers ? people : `${people} in the last frame`) : "no view yet"];
    if (this.health && view && delivers) facts.push(`${rate(this.health.frames_per_second)} frames/s`);
    if (view && delivers) facts.push(`${milliseconds(view.latency_s)} behind`);
    if (this.health && delivers && !spoilt && !this.health.trusted) facts.push("earning trust");
    const coverage = coverageOf(this.id);
    if (coverage) facts.push(coverage.text);
    setText(this.facts, facts.join("  ·  "));
    this.facts.title = coverage?.reasons ?? "";
  }

  showPeople() {
    reconcile(this.people, this.view.people, {
      key: (person) => person.track_id,
      create: (person) => {
        const gauge = el("span", { className: "gauge", "aria-hidden": "true" }, el("i"));
        return el(
          "li",
          {},
          el("i", { className: "dot" }),
          el("b", {}, person.track_id),
          el("span", { className: "state" }),
          gauge,
          el("span", { className: "angle" }),
        );
      },
      update: (row, person) => {
        const [dot, , state, gauge, angle] = row.children;
        const seen = person.trunk.status === "ok" || person.trunk.status === "bounded";
        row.dataset.posture = person.posture;
        dot.style.backgroundColor = COLOURS[person.posture] ?? COLOURS.up;
        setText(state, words(person.posture, POSTURES));
        setText(angle, interval(person.trunk));
        angle.title = person.trunk.reason || "trunk inclination from vertical, as the interval that holds it";
        gauge.dataset.seen = String(seen);
        const low = Math.max(0, Math.min(90, person.trunk.low));
        const high = Math.max(low + 2, Math.min(90, person.trunk.high));
        gauge.firstElementChild.style.left = `${(low / 90) * 100}%`;
        gauge.firstElementChild.style.width = `${((high - low) / 90) * 100}%`;
      },
    });
  }

  showPosture() {
    const seconds = this.view?.posture_seconds ?? {};
    const total = BANDS.reduce((sum, [name]) => sum + (seconds[name] ?? 0), 0);
    setText(this.postureTotal, total ? `${duration(total)} of people` : "nobody yet");
    const told = BANDS.map(([name, label], index) => {
      const share = total ? (seconds[name] ?? 0) / total : 0;
      this.segments[index].style.flexGrow = String(share);
      this.segments[index].hidden = share === 0;
      const percent = total ? `${Math.round(share * 100)} %` : "–";
      setText(this.shares[index], percent);
      return `${label} ${percent}`;
    });
    this.bar.setAttribute("aria-label", `Share of person time: ${told.join(", ")}`);
  }

  fetchBackground() {
    const tag = this.view.background;
    if (tag === this.pictureTag) return;
    this.pictureTag = tag;
    if (tag === null) {
      this.picture = null;
      return;
    }
    const picture = new Image();
    picture.onload = () => {
      if (this.pictureTag !== tag) return;
      this.picture = picture;
      schedule(this);
    };
    picture.src = `api/v1/cameras/${encodeURIComponent(this.id)}/background?v=${tag}`;
  }

  draw() {
    draw(this.canvas, this.view ?? NO_VIEW, this.picture);
  }
}
