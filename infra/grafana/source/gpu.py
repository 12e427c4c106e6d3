"""GPU: how well pose workers use it. DCGM_* come from NVIDIA's exporter, everything else from Spotter."""

from __future__ import annotations

from panels import GREEN, RED, YELLOW, dashboard, series, stat

S = 'site=~"$site"'

DASHBOARD = dashboard(
    "spotter-gpu",
    "Spotter: GPU and inference",
    "How well pose workers use their GPU, or CPU. The DCGM panels need dcgm-exporter and show all GPUs it sees.",
    [
        stat(
            "Frames a second through the model", "All pose workers together.",
            f"sum(rate(spotter_frames_posed_total{{{S}}}[$__rate_interval]))", unit="hertz", width=6,
        ),
        stat(
            "Frames an inference", "Mean batch; larger batches use a GPU better and cost waiting time.",
            f"sum(rate(spotter_batch_size_sum{{{S}}}[$__rate_interval]))"
            f" / sum(rate(spotter_batch_size_count{{{S}}}[$__rate_interval]))", unit="none", width=6,
        ),
        stat(
            "Milliseconds a frame", "Time in the model, divided by frames.",
            f"sum(rate(spotter_inference_seconds_sum{{{S}}}[$__rate_interval]))"
            f" / sum(rate(spotter_batch_size_sum{{{S}}}[$__rate_interval]))", unit="s", width=6,
        ),
        stat(
            "Busy", "Share of time that the busiest pose worker spends in the model.",
            f"max(sum by (instance) (rate(spotter_inference_seconds_sum{{{S}}}[$__rate_interval])))",
            unit="percentunit", width=6, high=1, steps=((None, GREEN), (0.8, YELLOW), (0.95, RED)),
        ),
        series(
            "GPU use", "Share of time that a kernel ran.",
            ("avg by (Hostname, gpu) (DCGM_FI_DEV_GPU_UTIL)", "{{Hostname}} {{gpu}}"), unit="percent", high=100,
        ),
        series(
            "GPU memory in use", "Frame buffer.",
            ("sum by (Hostname, gpu) (DCGM_FI_DEV_FB_USED)", "{{Hostname}} {{gpu}}"), unit="decmbytes",
        ),
        series(
            "GPU temperature", "A hot GPU slows down.",
            ("max by (Hostname, gpu) (DCGM_FI_DEV_GPU_TEMP)", "{{Hostname}} {{gpu}}"), unit="celsius",
        ),
        series(
            "GPU power", "Watts drawn.",
            ("sum by (Hostname, gpu) (DCGM_FI_DEV_POWER_USAGE)", "{{Hostname}} {{gpu}}"), unit="watt",
        ),
        series(
            "Frames an inference, by worker", "Mean batch.",
            (f"sum by (instance) (rate(spotter_batch_size_sum{{{S}}}[$__rate_interval]))"
             f" / sum by (instance) (rate(spotter_batch_size_count{{{S}}}[$__rate_interval]))", "{{instance}}"),
            unit="none",
        ),
        series(
            "Busy, by worker", "Share of time in the model.",
            (f"sum by (instance, model) (rate(spotter_inference_seconds_sum{{{S}}}[$__rate_interval]))",
             "{{instance}} {{model}}"),
            unit="percentunit", high=1,
        ),
        series(
            "Frames that came too late", "Skipped before inference: deadline (too old), behind (passed over in Kafka).",
            ("sum by (reason) "
             f"(rate(spotter_frames_dropped_total{{{S}, reason=~'deadline|behind'}}[$__rate_interval]))", "{{reason}}"),
            unit="hertz",
        ),
        series(
            "XID errors", "The newest error of the driver; anything but 0 is worth a look.",
            ("max by (Hostname, gpu) (DCGM_FI_DEV_XID_ERRORS)", "{{Hostname}} {{gpu}}"), unit="none",
        ),
    ],
)  # fmt: skip
