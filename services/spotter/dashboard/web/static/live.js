// The live stream: one EventSource that is opened again by itself, and says so while it is not there.

const SILENCE_MS = 15_000; // the server beats every 5 s
const RETRY_MS = [500, 1000, 2000, 4000];

/**
 * @param {{views: (data: object) => void, alerts: () => void, connection: (state: string) => void}} on
 *   connection gets "live", "lost" or "ended"
 */
export function connect(on) {
  let source = null;
  let failures = 0;
  let watchdog = 0;
  let ended = false;

  function heard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE_MS);
  }

  function lost() {
    clearTimeout(watchdog);
    source.close();
    on.connection(ended ? "ended" : "lost");
    const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
    failures += 1;
    setTimeout(open, pause);
  }

  function open() {
    source = new EventSource("api/v1/live");
    const listen = (name, act) =>
      source.addEventListener(name, (event) => {
        heard();
        act(event);
      });
    source.onopen = () => {
      failures = 0;
      ended = false;
      heard();
      on.connection("live");
    };
    source.onerror = lost;
    listen("views", (event) => on.views(JSON.parse(event.data)));
    listen("alerts", () => on.alerts());
    listen("beat", () => {});
    listen("end", () => {
      ended = true;
    });
  }

  open();
}
