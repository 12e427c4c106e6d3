"""`spotter notify`: try a channel, see what became of each message, send again what was given up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table
from rich.text import Text

from spotter.cli.console import line, output
from spotter.cli.options import DEFAULT_CONFIG, database_url
from spotter.core.clock import from_seconds, isoformat, now
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings, load_settings
from spotter.core.settings.channels import ChannelSettings
from spotter.core.store import Store
from spotter.core.store.delivery_queries import REPLAYABLE, DeliveryBook, DeliveryQuery
from spotter.core.store.delivery_records import ChannelBacklog, DeliveryRecord, DeliveryState

app = typer.Typer(no_args_is_help=True, help="Try channels, look at deliveries, send again what was given up.")


_AUDITED = 100
"""Ids of deliveries that one entry of the audit trail names at most."""


class Form(StrEnum):
    """How to write."""

    TABLE = "table"
    JSON = "json"


Config = Annotated[
    Path | None, typer.Option("--config", help="Settings file; by default spotter.yaml if it is here.", metavar="FILE")
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", help="SQLite file or database URL; default: store.url of the settings.", metavar="URL|PATH"
    ),
]
Format = Annotated[Form, typer.Option("--format", help="How to write.")]


@app.command()
def channels(config: Config = None, database: Database = None, form: Format = Form.TABLE) -> None:
    """List the channels, what each carries, and what waits on it."""
    settings = _settings(config, database)
    with _open(settings, "read") as store:
        backlog = DeliveryBook(store).backlog()
    rows = [(channel, backlog.get(channel.name, ChannelBacklog())) for channel in settings.notify.channels]
    if form is Form.JSON:
        line(json.dumps([_channel_json(channel, waiting) for channel, waiting in rows], indent=2))
        return
    if not rows:
        line("No channel is configured: alerts are stored and shown, and nobody is told. See docs/notify.md.")
        return
    table = Table("Channel", "Type", "Carries", "Pending", "Dead", "Withheld", box=None, pad_edge=False)
    for channel, waiting in rows:
        counts = (str(count) for count in (waiting.pending, waiting.dead, waiting.withheld))
        table.add_row(channel.name, channel.type, Text(_carries(channel)), *counts)
    output().print(table)


@app.command("test")
def try_channel(
    channel: Annotated[str, typer.Argument(help="Name of the channel.", metavar="CHANNEL")], config: Config = None
) -> None:
    """Send one message, clearly marked as a test, past all limits, and say whether it was taken."""
    from spotter.notify.channels import open_channel
    from spotter.notify.message import trial_message

    settings = _settings(config, None)
    known = {one.name: one for one in settings.notify.channels}
    if channel not in known:
        names = ", ".join(known) or "none is configured"
        raise ConfigError(f"no channel is named '{channel}'", mend=f"Channels: {names}")
    opened = open_channel(known[channel], settings)
    try:
        opened.send(trial_message(settings.site, now()))
    finally:
        opened.close()
    line(f"Channel '{channel}' has taken the test message.")


@app.command()
def deliveries(
    config: Config = None,
    database: Database = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Only in this state.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only on this channel.", metavar="NAME")] = None,
    limit: Annotated[int, typer.Option(help="At most this many, newest first.", min=1, max=100_000)] = 50,
    form: Format = Form.TABLE,
) -> None:
    """List deliveries, newest first: each message on its way to each channel."""
    settings = _settings(config, database)
    with _open(settings, "read") as store:
        found = DeliveryBook(store).find(DeliveryQuery(state, channel, limit))
        name = store.database
    if form is Form.JSON:
        line(json.dumps([_delivery_json(record) for record in found], indent=2))
        return
    if not found:
        line(f"No deliveries match in database {name}.")
        return
    table = Table("Id", "Made (UTC)", "Channel", "What", "State", "Tries", "Error", box=None, pad_edge=False)
    for record in found:
        table.add_row(
            str(record.id),
            isoformat(record.created_at)[:19].replace("T", " "),
            record.channel,
            Text(_what(record)),
            record.state.value,
            str(record.attempts),
            Text(record.error),
        )
    output().print(table)


@app.command()
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="Ids of deliveries, of any state that ended.")] = None,
    channel: Annotated[str | None, typer.Option(help="All of this channel.", metavar="NAME")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of every channel.")] = False,
    state: Annotated[DeliveryState, typer.Option(help="State of what --channel or --all mean.")] = DeliveryState.DEAD,
    config: Config = None,
    database: Database = None,
) -> None:
    """Send again what was given up. The notify service (or `spotter run`) does it once it runs."""
    if sum((bool(ids), channel is not None, everything)) != 1:
        raise ConfigError("say what to send again", mend="Give ids, or --channel NAME, or --all")
    if state not in REPLAYABLE:
        names = ", ".join(one.value for one in REPLAYABLE)
        raise ConfigError(f"deliveries in state '{state.value}' cannot be sent again", mend=f"Choose one of: {names}")
    settings = _settings(config, database)
    max_age_ns = from_seconds(settings.notify.max_age_s)
    with _open(settings, "write") as store:
        again = DeliveryBook(store).replay(now(), max_age_ns, ids=ids or None, channel=channel, states=[state])
        if again:
            store.append_audit("spotter notify", "replay", {"count": len(again), "deliveries": again[:_AUDITED]})
    missing = sorted(set(ids or ()) - set(again))
    if missing:
        names = ", ".join(map(str, missing))
        raise ConfigError(
            f"{len(again)} sent again; not there, or on their way or delivered: {names}",
            mend="`spotter notify deliveries` shows the ids and states",
        )
    line(f"{len(again)} {'delivery is' if len(again) == 1 else 'deliveries are'} pending again.")


def _settings(config: Path | None, database: str | None) -> Settings:
    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    url = database_url(database)
    return load_settings(config, {"store": {"url": url}} if url is not None else None)


def _open(settings: Settings, mode: Literal["read", "write"]) -> Store:
    return Store.open(settings.store.url.get_secret_value(), mode, settings=settings.store)


def _what(record: DeliveryRecord) -> str:
    if record.count is not None:
        return f"summary of {record.count}"
    words = " ".join(filter(None, (record.kind, record.update))).replace("_", " ")
    place = f" at {record.camera_id}" if record.camera_id else ""
    return f"{words or 'unreadable'}{place} ({str(record.alert_id)[:8]})"


def _carries(channel: ChannelSettings) -> str:
    wanted: dict[str, Sequence[str]] = {
        "sites": channel.sites,
        "cameras": channel.cameras,
        "kinds": channel.kinds,
        "severities": channel.severities,
        "updates": channel.updates,
    }
    return "; ".join(f"{name} {', '.join(values)}" for name, values in wanted.items() if values) or "everything"


def _channel_json(channel: ChannelSettings, waiting: ChannelBacklog) -> dict[str, Any]:
    oldest = isoformat(waiting.oldest) if waiting.oldest is not None else None
    return {"name": channel.name, "type": channel.type, **asdict(waiting), "oldest": oldest}


def _delivery_json(record: DeliveryRecord) -> dict[str, Any]:
    values = asdict(record)
    for name in ("created_at", "due_at", "finished_at"):
        values[name] = isoformat(values[name]) if values[name] is not None else None
    values["alert_id"] = str(record.alert_id) if record.alert_id is not None else None
    return values
