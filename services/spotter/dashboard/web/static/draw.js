// Skeletons on a canvas: COCO-17 keypoints, each limb as strong as the weaker of its ends is sure.

const LIMBS = [
  [5, 7], [7, 9], [6, 8], [8, 10], [5, 6], [5, 11], [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16],
  [0, 1], [0, 2], [1, 3], [2, 4],
];
const TRUNK = new Set(["5-11", "6-12", "5-6", "11-12"]);
const LEAST = 8; // hundredths of confidence below which a keypoint is not drawn

export const COLOURS = {
  up: "#5fd6ba",
  on_ground: "#f4bd55",
  alert: "#ff7a72",
};

const STAGE = "#141d22";
const GRID = "rgba(160, 190, 200, 0.07)";
const HORIZON = "rgba(160, 190, 200, 0.16)";

/** Draws one view. `picture` is the blurred background, or null for the empty grid. */
export function draw(canvas, view, picture) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (!width || !height) return;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = STAGE;
  context.fillRect(0, 0, width, height);
  const scale = Math.min(width / view.width, height / view.height);
  const left = (width - view.width * scale) / 2;
  const top = (height - view.height * scale) / 2;
  if (picture) {
    context.globalAlpha = 0.55;
    context.drawImage(picture, left, top, view.width * scale, view.height * scale);
    context.globalAlpha = 1;
  } else drawGrid(context, width, height);
  if (left > 1 || top > 1) {
    context.strokeStyle = HORIZON;
    context.lineWidth = 1;
    context.strokeRect(left + 0.5, top + 0.5, view.width * scale - 1, view.height * scale - 1);
  }
  const place = ([x, y]) => [left + x * scale, top + y * scale];
  for (const person of view.people) drawPerson(context, person, place, scale);
  const taken = [];
  for (const person of view.people) drawLabel(context, person, place, { width, height }, taken);
}

function drawGrid(context, width, height) {
  const step = 32;
  context.strokeStyle = GRID;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = step; x < width; x += step) {
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, height);
  }
  for (let y = step; y < height; y += step) {
    context.moveTo(0, Math.round(y) + 0.5);
    context.lineTo(width, Math.round(y) + 0.5);
  }
  context.stroke();
}

function drawPerson(context, person, place, scale) {
  const points = person.keypoints;
  const at = (index) => place([points[3 * index], points[3 * index + 1]]);
  const sure = (index) => points[3 * index + 2];
  const tall = extent(points) * scale;
  const thick = Math.max(1.5, Math.min(5, tall / 45));
  context.lineCap = "round";
  context.strokeStyle = context.fillStyle = COLOURS[person.posture] ?? COLOURS.up;
  for (const [from, to] of LIMBS) {
    const confidence = Math.min(sure(from), sure(to));
    if (confidence < LEAST) continue;
    const face = from < 5;
    context.globalAlpha = alpha(confidence) * (face ? 0.6 : 1);
    context.lineWidth = TRUNK.has(`${from}-${to}`) ? thick * 1.35 : face ? thick * 0.6 : thick;
    context.beginPath();
    context.moveTo(...at(from));
    context.lineTo(...at(to));
    context.stroke();
  }
  const neck = Math.min(sure(0), sure(5), sure(6));
  if (neck >= LEAST) {
    const [left, right] = [at(5), at(6)];
    context.globalAlpha = alpha(neck) * 0.6;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo((left[0] + right[0]) / 2, (left[1] + right[1]) / 2);
    context.lineTo(...at(0));
    context.stroke();
  }
  for (let index = 0; index < 17; index += 1) {
    if (sure(index) < LEAST) continue;
    context.globalAlpha = alpha(sure(index));
    context.beginPath();
    context.arc(...at(index), index < 5 ? thick * 0.7 : thick * 1.05, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

function drawLabel(context, person, place, stage, taken) {
  const points = person.keypoints;
  let top = Infinity;
  let sum = 0;
  let count = 0;
  for (let index = 0; index < 17; index += 1) {
    if (points[3 * index + 2] < LEAST) continue;
    top = Math.min(top, points[3 * index + 1]);
    sum += points[3 * index];
    count += 1;
  }
  if (!count) return;
  const text = person.track_id;
  context.font = "600 12px system-ui, sans-serif";
  const wide = context.measureText(text).width + 14;
  const high = 20;
  let [x, y] = place([sum / count, top]);
  x = Math.max(4, Math.min(stage.width - wide - 4, x - wide / 2));
  y = Math.max(4, Math.min(stage.height - high - 4, y - high - 12));
  // Labels of people who stand together are stacked, not printed over each other.
  while (taken.some((other) => Math.abs(other.y - y) < high && x < other.x + other.wide && other.x < x + wide)) {
    y += high + 2;
  }
  taken.push({ x, y, wide });
  context.fillStyle = "rgba(10, 16, 19, 0.78)";
  context.beginPath();
  context.roundRect(x, y, wide, high, 6);
  context.fill();
  context.fillStyle = COLOURS[person.posture] ?? COLOURS.up;
  context.textBaseline = "middle";
  context.fillText(text, x + 7, y + high / 2 + 0.5);
}

const alpha = (confidence) => 0.25 + 0.75 * Math.min(1, confidence / 60);

function extent(points) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (let index = 0; index < 17; index += 1) {
    if (points[3 * index + 2] < LEAST) continue;
    for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], points[3 * index + axis]);
      high[axis] = Math.max(high[axis], points[3 * index + axis]);
    }
  }
  return Math.max(0, high[0] - low[0], high[1] - low[1]);
}
