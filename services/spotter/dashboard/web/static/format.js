// Numbers and times for people. An interval is shown as an interval; what is not known is said in words.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export const POSTURES = {
  up: "not on the ground",
  on_ground: "on the ground",
  alert: "alert raised",
};

export const KINDS = { possible_fall: "Possible fall", person_down: "Person down", sustained_posture: "Sustained posture" };

export const UPDATES = {
  raised: "Raised",
  grouped: "One more, told together",
  still_down: "Still down",
  recovered: "Recovered: up again",
  lost: "Lost from view",
  ended: "Ended with the camera",
  eased: "Eased",
};

const EVIDENCE = {
  seconds_on_ground: "Time on the ground",
  seconds_unseen: "Time since last seen",
  hip_height: "Hip height",
  head_height: "Head height",
  trunk_inclination_low: "Trunk inclination, lower bound",
  hip_drop: "Drop of the hip",
  head_drop: "Drop of the head",
  descent_speed: "Speed of descent",
  grouped: "Alerts in a short time",
};

const UNITS = { deg: "°", s: " s", statures: " × height", "statures/s": " × height/s" };
const COMPARISONS = { ">=": "≥", "<=": "≤", ">": ">", "<": "<" };

/** A word for a key that came from the server, also for one that this page does not know. */
export function words(key, known = {}) {
  if (known[key]) return known[key];
  const text = key.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const evidenceName = (key) => words(key, EVIDENCE);

export function quantity(value, unit) {
  const number = typeof value === "number" ? String(Number(value.toFixed(2))) : String(value);
  return number + (UNITS[unit] ?? (unit ? ` ${unit}` : ""));
}

export const comparison = (sign) => COMPARISONS[sign] ?? sign;

/** "34–52°", or "not observable". */
export function interval(angle) {
  if (angle.status === "not_observable") return "not observable";
  if (angle.status === "out_of_scope") return "out of scope";
  const low = Math.round(angle.low);
  const high = Math.round(angle.high);
  return low === high ? `${low}°` : `${low}–${high}°`;
}

/** 3725 -> "1 h 2 min". */
export function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A moment on the browser's clock, with the day when it is not today. */
export function moment(iso) {
  const at = new Date(iso);
  const today = at.toDateString() === new Date().toDateString();
  return today ? CLOCK.format(at) : `${DAY.format(at)}, ${CLOCK.format(at)}`;
}

export function ago(iso) {
  const seconds = (Date.now() - new Date(iso).getTime()) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

export function milliseconds(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

export function rate(value) {
  if (value === null || value === undefined) return "–";
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}
