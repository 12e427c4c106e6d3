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
  const dropped = Object.values(perSecond.dropped).reduce((sum, value) => sum + (value ?? 0), 0);
  const reasons = Object.entries(status.frames.dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${words(reason).toLowerCase()} ${count}`);
  const queued = Object.values(status.queue_depth).reduce((sum, depth) => sum + depth, 0);
  const versions = Object.entries(status.versions).filter(([name]) => name !== "spotter");
  const figures = [
    { name: "Frames in", value: rate(perSecond.read), unit: "/s", detail: `${status.frames.read} so far` },
    { name: "Posed", value: rate(perSecond.posed), unit: "/s", detail: `${queued} queued` },
    {
      name: "Dropped",
      value: rate(dropped),
      unit: "/s",
      detail: reasons.length ? reasons.join(", ") : "none so far",
      warn: dropped > 0,
    },
    {
      name: "Latency p50",
      value: milliseconds(status.latency_s.p50),
      detail: `p95 ${milliseconds(status.latency_s.p95)}`,
    },
    { name: "People", value: String(status.people), detail: "in view now" },
    {
      name: "Up",
      value: duration(status.uptime_s),
      detail: status.store.ok ? `${status.store.alerts} alerts stored` : "store fails",
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
