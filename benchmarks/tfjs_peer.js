// The released MoveNet graph run by TensorFlow.js, taking orders as ultralytics_peer.py does: one JSON line each.
// Started by pose_peers.py with node; NODE_PATH holds @tensorflow/tfjs-core, -converter, -backend-wasm, -backend-cpu.
const fs = require("fs");
const path = require("path");
const readline = require("readline");
const tf = require("@tensorflow/tfjs-core");
const { loadGraphModel } = require("@tensorflow/tfjs-converter");
const wasm = require("@tensorflow/tfjs-backend-wasm");
require("@tensorflow/tfjs-backend-cpu");

let model;
let inputs = [];

function fromFiles(json) {
  return {
    load: async () => {
      const stated = JSON.parse(fs.readFileSync(json, "utf8"));
      const parts = stated.weightsManifest.flatMap((group) => group.paths);
      const data = Buffer.concat(parts.map((name) => fs.readFileSync(path.join(path.dirname(json), name))));
      return {
        modelTopology: stated.modelTopology,
        weightSpecs: stated.weightsManifest.flatMap((group) => group.weights),
        weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength),
        signature: stated.signature,
        format: stated.format,
      };
    },
  };
}

const orders = {
  // Pictures are files of uint8 RGB, rows x columns x 3, all of one size.
  open: async ({ graph, backend, pictures, rows, columns }) => {
    wasm.setWasmPaths(path.join(path.dirname(require.resolve("@tensorflow/tfjs-backend-wasm")), "/"));
    wasm.setThreadsCount(1);
    await tf.setBackend(backend);
    await tf.ready();
    model = await loadGraphModel(fromFiles(graph));
    inputs = pictures.map((file) => tf.tensor(new Uint8Array(fs.readFileSync(file)), [1, rows, columns, 3], "int32"));
    await people(inputs[0]);
    return `TensorFlow.js ${tf.version_core || ""} ${tf.getBackend()}, node ${process.version}`;
  },
  round: async () => {
    const begun = process.hrtime.bigint();
    const worked = process.cpuUsage();
    const found = [];
    for (const input of inputs) found.push(await people(input));
    const spent = process.cpuUsage(worked);
    return {
      seconds: Number(process.hrtime.bigint() - begun) / 1e9,
      processor: (spent.user + spent.system) / 1e6,
      people: found,
    };
  },
};

async function people(input) {
  const output = await model.executeAsync(input);
  const found = Array.from(await output.data());
  output.dispose();
  return found;
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { do: name, ...rest } = JSON.parse(line);
    process.stdout.write(JSON.stringify({ answer: await orders[name](rest) }) + "\n");
  }
})();
