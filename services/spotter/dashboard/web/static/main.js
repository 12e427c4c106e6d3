// Wires the page together: the stream feeds cameras and alerts, the strip asks for itself.

import { loadAlerts } from "./alerts.js";
import { showCameras } from "./cameras.js";
import { startCoverage } from "./coverage.js";
import { connect } from "./live.js";
import { startStatus } from "./status.js";

const CONNECTION = {
  live: "Connected",
  lost: "Connection lost, trying again",
  ended: "Spotter has stopped; waiting for it",
};
const pill = document.getElementById("connection");

connect({
  views: showCameras,
  alerts: loadAlerts,
  connection: (state) => {
    pill.dataset.state = state;
    pill.textContent = CONNECTION[state];
    document.body.dataset.connection = state;
  },
});
startStatus();
startCoverage();
