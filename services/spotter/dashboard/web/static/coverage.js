// How much of the last hour each camera watched: asked for twice a minute while the page is looked at.

import { duration, words } from "./format.js";

const PERIOD_MS = 30000;
const MOST_REASONS = 3;

let known = {};

/** Starts to ask; a failed request leaves the last figures. */
export function startCoverage() {
  const ask = async () => {
    if (document.hidden) return;
    try {
      const response = await fetch("api/v1/coverage");
      if (response.ok) known = (await response.json()).cameras;
    } catch {
      // The stream notices a lost server by itself and says so.
    }
  };
  ask();
  setInterval(ask, PERIOD_MS);
  document.addEventListener("visibilitychange", ask);
}

/** "watched 97 % of 1 h 0 min" and why not the rest; null while nothing is known of the camera. */
export function coverageOf(id) {
  const one = known[id];
  if (!one || one.total_ms === 0) return null;
  // Rounded down: only what was watched to the last moment is 100 %.
  const share = Math.floor((100 * one.watched_ms) / one.total_ms);
  const gaps = Object.entries(one.gaps).slice(0, MOST_REASONS);
  const reasons = gaps.map(([reason, ms]) => `${words(reason).toLowerCase()} ${duration(ms / 1000)}`);
  return {
    text: `watched ${share} % of ${duration(one.total_ms / 1000)}`,
    reasons: reasons.length ? `Not watched: ${reasons.join(", ")}` : "Watched without a gap",
  };
}
