// The alert list: asked for again whenever the stream says that it changed; what the reader opened stays open.

import { el, reconcile, setText } from "./dom.js";
import { KINDS, UPDATES, ago, comparison, evidenceName, milliseconds, moment, quantity, words } from "./format.js";

const PAGE = 25;
const MOST = 500;

const list = document.getElementById("alert-list");
const more = document.getElementById("alerts-more");
const empty = document.getElementById("alerts-empty");
const announcer = document.getElementById("announce");
const known = new Map();
let wanted = PAGE;
let which = "all";
let first = true;
let running = null;
let again = false;

/** Loads the list; calls that come while it loads are served by one more load after it. */
export async function loadAlerts() {
  if (running) {
    again = true;
    return;
  }
  do {
    again = false;
    running = load();
    await running;
  } while (again);
  running = null;
}

async function load() {
  try {
    const filter = which === "open" ? "&open=true" : "";
    const [page, openPage] = await Promise.all([
      getJson(`api/v1/alerts?limit=${wanted}${filter}`),
      getJson("api/v1/alerts?limit=500&open=true"),
    ]);
    announce([...openPage.alerts, ...page.alerts]);
    show(page);
    const open = openPage.alerts.length;
    setText(document.getElementById("alert-count"), open ? `${open} open` : "");
    document.title = open ? `(${open}) Spotter` : "Spotter";
  } catch (error) {
    list.hidden = list.children.length === 0;
    empty.hidden = false;
    setText(empty, `The alerts cannot be loaded: ${error.message}`);
  }
}

async function getJson(path) {
  const response = await fetch(path);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? response.statusText);
  return body;
}

function show({ alerts, next_cursor: next }) {
  reconcile(list, alerts, { key: (alert) => alert.id, create: createItem, update: updateItem });
  list.hidden = alerts.length === 0;
  empty.hidden = alerts.length > 0;
  setText(empty, which === "open" ? "No open alert." : "No alert so far.");
  more.hidden = next === null || wanted >= MOST;
}

/** Tells a screen reader, and marks on screen, what was not there before. */
function announce(alerts) {
  const fresh = alerts.filter((alert) => !known.has(alert.id));
  for (const alert of alerts) known.set(alert.id, known.get(alert.id) ?? !first);
  if (!first && fresh.length) {
    announcer.textContent = fresh
      .map((alert) => `${alert.severity}: ${words(alert.kind, KINDS)} at ${alert.camera_id}, ${moment(alert.started_at)}`)
      .join(". ");
  }
  first = false;
}

function createItem(alert) {
  const item = el(
    "li",
    { className: "alert" },
    el(
      "details",
      {},
      el(
        "summary",
        {},
        el("span", { className: "severity", data: { severity: alert.severity } }),
        el(
          "span",
          { className: "what" },
          el("b", {}, words(alert.kind, KINDS)),
          el("span", { className: "where" }, `${alert.camera_id}  ·  ${alert.track_id}`),
        ),
        el(
          "span",
          { className: "when" },
          el("span", { className: "standing" }),
          el("time", { dateTime: alert.started_at, title: moment(alert.started_at) }),
        ),
      ),
      el("div", { className: "more-of-it" }),
    ),
  );
  if (known.get(alert.id)) item.classList.add("fresh");
  const details = item.firstElementChild;
  details.addEventListener("toggle", () => {
    if (details.open) showDetail(item, alert.id);
  });
  return item;
}

function updateItem(item, alert) {
  item.dataset.open = String(alert.open);
  item.dataset.severity = alert.severity;
  const severity = item.querySelector(".severity");
  severity.dataset.severity = alert.severity;
  setText(severity, alert.severity);
  setText(item.querySelector(".standing"), alert.open ? "Open" : "Closed");
  setText(item.querySelector("time"), `${moment(alert.started_at)} · ${ago(alert.started_at)}`);
  if (item.firstElementChild.open) showDetail(item, alert.id);
}

async function showDetail(item, id) {
  const place = item.querySelector(".more-of-it");
  try {
    const { alert, updates } = await getJson(`api/v1/alerts/${id}`);
    place.replaceChildren(evidenceTable(alert.evidence), timeline(updates), provenance(alert));
  } catch (error) {
    place.replaceChildren(el("p", { className: "quiet" }, `Cannot be loaded: ${error.message}`));
  }
}

function evidenceTable(evidence) {
  const rows = Object.entries(evidence).map(([name, one]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, evidenceName(name)),
      el("td", {}, quantity(one.value, one.unit)),
      el("td", { className: "quiet" }, `${comparison(one.comparison)} ${quantity(one.threshold, one.unit)}`),
    ),
  );
  const head = ["What the rule saw", "Measured", "Threshold"].map((text) => el("th", { scope: "col" }, text));
  return el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
}

function timeline(updates) {
  const steps = updates.map((update) =>
    el(
      "li",
      { data: { kind: update.kind } },
      el("span", {}, words(update.kind, UPDATES)),
      el("time", { dateTime: update.at }, moment(update.at)),
    ),
  );
  return el("ol", { className: "timeline", "aria-label": "What happened" }, ...steps);
}

function provenance(alert) {
  const { captured, stored } = alert.ledger;
  const facts = [`${alert.frames_considered} frames seen, ${alert.frames_dropped} missed`];
  if (captured && stored) {
    facts.push(`stored ${milliseconds((new Date(stored) - new Date(captured)) / 1000)} after the picture`);
  }
  const versions = Object.entries(alert.versions).map(([name, version]) => `${name} ${version}`);
  return el("p", { className: "quiet" }, [...facts, ...versions].join("  ·  "));
}

for (const radio of document.querySelectorAll('input[name="which"]')) {
  radio.addEventListener("change", () => {
    which = radio.value;
    wanted = PAGE;
    loadAlerts();
  });
}

more.addEventListener("click", () => {
  wanted = Math.min(MOST, wanted + PAGE);
  loadAlerts();
});

setInterval(() => {
  for (const time of list.querySelectorAll("summary time")) {
    setText(time, `${moment(time.dateTime)} · ${ago(time.dateTime)}`);
  }
}, 1000);
