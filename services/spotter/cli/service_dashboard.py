"""`spotter serve dashboard`: the page and its API, from the database and live state of the other processes."""

from __future__ import annotations

from spotter import __version__
from spotter.cli.parts import open_state, open_store, watch_store
from spotter.cli.service import Shell, Work
from spotter.core.errors import ConfigError
from spotter.dashboard.api import DashboardServer, create_app
from spotter.dashboard.api.state_rates import StateMeter


def prepare_dashboard(shell: Shell) -> Work:
    """The service.

    Raises:
        ConfigError: live state is kept in memory, where no other process can put anything.
        PortError: the dashboard's address is in use or not allowed.
    """
    settings = shell.settings
    if settings.state.kind == "memory":
        raise ConfigError(
            "serve dashboard needs state.kind: redis", mend="Set SPOTTER_STATE__KIND=redis and SPOTTER_STATE__URL"
        )
    store, state = open_store(shell), open_state(shell)
    page = settings.dashboard
    app = create_app(
        state,
        store,
        shell.metrics,
        site=settings.site,
        ready=shell.readiness.report,
        version=__version__,
        host=page.host,
        hosts=page.hosts,
        meter=StateMeter(state),
        token=page.token,
        cameras_file=settings.cameras_file,
    )
    server = DashboardServer(app, page.host, page.port, allow_remote=page.allow_remote)
    port = server.start()
    shell.closing(server.stop)
    shell.log.info("dashboard_started", host=page.host, port=port)

    def work() -> None:
        watch_store(shell, store)
        shell.stop.wait()

    return work
