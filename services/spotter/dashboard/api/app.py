"""The dashboard's web application: page, API, metrics, health checks. Of what it shows it changes cameras alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from spotter.core.address_policy import AddressPolicy
from spotter.core.clock import now
from spotter.core.errors import StateError
from spotter.core.settings import Secret
from spotter.core.state import LiveState
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.dashboard.api import problems
from spotter.dashboard.api.feed import LiveFeed
from spotter.dashboard.api.rates import Meter, RateMeter
from spotter.dashboard.api.routes.alerts import alerts_router
from spotter.dashboard.api.routes.camera_changes import camera_changes_router
from spotter.dashboard.api.routes.cameras import cameras_router
from spotter.dashboard.api.routes.coverage import coverage_router
from spotter.dashboard.api.routes.health import health_router
from spotter.dashboard.api.routes.live import live_router
from spotter.dashboard.api.routes.status import status_router
from spotter.dashboard.api.security import Guard
from spotter.dashboard.web import STATIC

_SAMPLE_S = 1.0


def create_app(
    state: LiveState,
    store: Store,
    metrics: Metrics,
    *,
    site: str,
    ready: Callable[[], Mapping[str, str]],
    version: str,
    started_at: int | None = None,
    host: str = "127.0.0.1",
    hosts: Iterable[str] = (),
    versions: Mapping[str, str] | None = None,
    meter: Meter | None = None,
    token: Secret | None = None,
    cameras_file: Path | None = None,
    policy: AddressPolicy | None = None,
) -> FastAPI:
    """Build the application.

    Args:
        state: live views and health; read only.
        store: alerts; read only.
        metrics: the pipeline's metrics; rates on the page come from them.
        site: name of the site, shown on the page.
        ready: component -> "ok", or the reason why it is not; asked on a worker thread.
        version: Spotter's version.
        started_at: wall clock at which this run began, UTC ns; now when None.
        host: the address that the server binds; requests under another name are refused.
        hosts: more names that are not.
        versions: further versions to show, by name (the pose model, the rules).
        meter: where the page's rates come from; the metrics of this process when None.
        token, cameras_file: who may change cameras, and where they are kept; None: nobody.
        policy: which addresses such cameras may have.
    """
    feed = LiveFeed(state, store)
    rates = meter or RateMeter(metrics)

    async def keep_sampling() -> None:
        while True:
            await asyncio.sleep(_SAMPLE_S)
            # On a thread, because live state may be on another machine, and may be away.
            with contextlib.suppress(StateError):
                await to_thread.run_sync(rates.sample)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sampling = asyncio.create_task(keep_sampling())
        yield
        feed.close()
        sampling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampling

    app = FastAPI(title="Spotter", version=version, lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.feed = feed
    problems.install(app)
    app.include_router(cameras_router(state))
    app.include_router(camera_changes_router(token, cameras_file, policy or AddressPolicy()))
    app.include_router(coverage_router(store, site))
    app.include_router(alerts_router(store))
    app.include_router(live_router(feed))
    app.include_router(
        status_router(
            store,
            rates,
            site=site,
            version=version,
            versions=versions or {},
            started_at=now() if started_at is None else started_at,
        )
    )
    app.include_router(health_router(metrics, ready))
    app.mount("/", _Page(directory=STATIC, html=True), name="page")
    app.add_middleware(Guard, bound=host, hosts=tuple(hosts))
    return app


class _Page(StaticFiles):
    """The page's files; browsers ask each time whether they changed, so that an update shows at once."""

    def file_response(self, full_path: object, stat_result: object, scope: Scope, status_code: int = 200) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = "no-cache"
        return response
