// The status strip: asked for every two seconds while the page is looked at.

import { el, reconcile, setText } from "./dom.js";
import { duration, milliseconds, rate, words } from "./format.js";

const PERIOD_MS = 2000;
const strip = document.getElementById("status");

/** Starts to ask. A failed request leaves the last figures; the connection pill tells the rest. */
export function startStatus() {
  const ask = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch("api/v1/status");
      if (response.ok) show(await response.json());
    } catch {
      // The stream notices a lost server by itself and says so.
    }
  };
  ask();
  setInterval(ask, PERIOD_MS);
  document.addEventListener("visibilitychange", ask);
}

function show(status) {
  setText(document.getElementById("site"), status.site);
  const perSecond = status.frames_per_second;
  const versions = Object.entries(status.versions).filter(([name]) => name !== "spotter");
  const about = status.store.estimated?.includes("alerts") ? "about " : "";
  const figures = [
    { name: "Frames in", value: rate(perSecond.read), unit: "/s", detail: `${status.frames.read} so far` },
    posed(status),
    dropped(status),
    {
      name: "Latency p50",
      value: milliseconds(status.latency_s.p50),
      detail: `p95 ${milliseconds(status.latency_s.p95)}`,
    },
    { name: "People", value: String(status.people), detail: "in view now" },
    {
      name: "Up",
      value: duration(status.uptime_s),
      detail: status.store.ok ? `${about}${status.store.alerts} alerts stored` : "store fails",
      warn: !status.store.ok,
      hint: status.store.reason ?? "",
    },
    {
      name: "Version",
      value: status.versions.spotter,
      detail: versions.map(([name, version]) => `${name} ${version}`).join(", "),
    },
  ];
  reconcile(strip, figures, {
    key: (figure) => figure.name,
    create: (figure) =>
      el(
        "div",
        {},
        el("dt", {}, figure.name),
        el("dd", { className: "value" }, el("span"), el("small")),
        el("dd", { className: "detail" }),
      ),
    update: (tile, figure) => {
      const [, value, detail] = tile.children;
      tile.dataset.warn = String(Boolean(figure.warn));
      setText(value.firstElementChild, figure.value);
      setText(value.lastElementChild, figure.unit ?? "");
      setText(detail, figure.detail);
      detail.title = figure.hint || figure.detail;
    },
  });
}

// Where the services are processes of their own, only Prometheus knows these; nothing is shown for them here.
const ELSEWHERE = "see Prometheus";

function posed(status) {
  const depths = status.queue_depth;
  const queued = depths && Object.values(depths).reduce((sum, depth) => sum + depth, 0);
  const detail = depths ? `${queued} queued` : ELSEWHERE;
  return { name: "Posed", value: rate(status.frames_per_second.posed), unit: "/s", detail };
}

function dropped(status) {
  const rates = status.frames_per_second.dropped;
  if (!rates) return { name: "Dropped", value: rate(null), unit: "/s", detail: ELSEWHERE };
  const total = Object.values(rates).reduce((sum, value) => sum + (value ?? 0), 0);
  const reasons = Object.entries(status.frames.dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${words(reason).toLowerCase()} ${count}`);
  return {
    name: "Dropped",
    value: rate(total),
    unit: "/s",
    detail: reasons.length ? reasons.join(", ") : "none so far",
    warn: total > 0,
  };
}
