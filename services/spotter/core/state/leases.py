"""Leases on cameras in Redis (or Valkey): who may read which camera, in one atomic script a heartbeat.

- A lease is one key a camera with an owner and an epoch; it goes by itself when it is not renewed in time.
- Each time a camera changes hands its epoch grows, and the largest is kept, so frames of a former owner can be told.
- Members that are alive are counted; each may hold its even share of the cameras and one more where they do not divide.
  Whoever holds too much marks what it gives up, stops reading it, and only then lets it go (`release`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from spotter.core import clock
from spotter.core.settings import StateSettings
from spotter.core.state.client import open_client, place_of, state_error

T = TypeVar("T")

_BEAT = """
local me, lease, epoch = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + lease, me)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], 2 * lease)
local count = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do count[member] = 0 end
local answer, mine, free, coming, again = {}, {}, {}, 0, false
local function known(i) return redis.call('HGET', KEYS[2], ARGV[2 + 2 * i]) end
local function hold(i, text)
  redis.call('HSET', KEYS[2 + i], 'owner', me, 'epoch', text)
  redis.call('HSET', KEYS[2], ARGV[2 + 2 * i], text)
  redis.call('PEXPIRE', KEYS[2 + i], lease)
  mine[#mine + 1] = i
  count[me] = count[me] + 1
  answer[i] = {ARGV[2 + 2 * i], text, 0}
end
local cameras = #KEYS - 2
for i = 1, cameras do
  local lies = redis.call('HMGET', KEYS[2 + i], 'owner', 'epoch', 'leaving')
  local held = ARGV[3 + 2 * i]
  if not lies[1] then
    local last = known(i)
    if held ~= '0' and (not last or last == held) then
      again = true
      hold(i, held)
    else
      free[#free + 1] = i
    end
  elseif lies[1] ~= me then
    if lies[3] then coming = coming + 1
    elseif count[lies[1]] then count[lies[1]] = count[lies[1]] + 1 end
  elseif lies[3] then
    coming = coming + 1
    answer[i] = {ARGV[2 + 2 * i], lies[2], 1}
  else
    hold(i, lies[2])
  end
end
local members, needed = 0, 0
for _ in pairs(count) do members = members + 1 end
local least = math.floor(cameras / members)
local most = math.ceil(cameras / members)
for member, has in pairs(count) do
  if member ~= me then needed = needed + math.max(0, least - has) end
end
if again then redis.call('HSET', KEYS[2], '', now + lease) end
local left = #free
if tonumber(redis.call('HGET', KEYS[2], '') or '0') > now then free = {} end
for _, i in ipairs(free) do
  if count[me] < least or (count[me] < most and left + coming > needed) then
    hold(i, string.format('%.0f', math.max(epoch, tonumber(known(i) or '0') + 1)))
    left = left - 1
  end
end
local surplus = math.max(count[me] - most, math.min(count[me] - least, needed - left - coming))
for n = #mine, math.max(1, #mine - surplus + 1), -1 do
  redis.call('HSET', KEYS[2 + mine[n]], 'leaving', 1)
  answer[mine[n]][3] = 1
end
local told = {members}
for i = 1, cameras do if answer[i] then told[#told + 1] = answer[i] end end
return told
"""
"""KEYS: members, epochs, one lease a camera. ARGV: me, lease (ms), epoch for what is taken (us), then a camera and the
epoch by which it is held (0: not held) each. Answer: number of members, then (camera, epoch, leaving) for each lease.

A lease that is gone without another owner since (Redis was emptied, or away for long) is taken up again as it was. Then
the others may be about to do the same, so for the time of one lease (field "" of the epochs) nothing else is taken.
"""

_RELEASE = """
local given = 0
for i = 2, #KEYS do
  if redis.call('HGET', KEYS[i], 'owner') == ARGV[1] then given = given + redis.call('DEL', KEYS[i]) end
end
if ARGV[2] == '1' then redis.call('ZREM', KEYS[1], ARGV[1]) end
return given
"""


@dataclass(frozen=True, slots=True)
class Held:
    """The answer to one heartbeat.

    Attributes:
        members: processes that are alive, this one included.
        epochs: epoch (UTC ns) of each camera that is held.
        leaving: cameras that are to be given up: stop reading them, then `release` them.
    """

    members: int
    epochs: Mapping[str, int] = field(default_factory=dict)
    leaving: frozenset[str] = frozenset()


class RedisLeases:
    """Leases of one member; for one thread.

    Args:
        lease_s: how long a lease lasts without a heartbeat, seconds.

    Raises:
        ConfigError: the URL or a certificate file is wrong, or the driver is not installed.
    """

    def __init__(self, settings: StateSettings, site: str, lease_s: float) -> None:
        # An answer that comes too late to renew anything is not waited for.
        patient = settings.model_copy(update={"timeout_s": min(settings.timeout_s, lease_s / 4)})
        self._client = open_client(patient, name="spotter-leases")
        self._place = place_of(self._client)
        self._base = f"{settings.prefix}{site}:ingest:"
        self._lease_ms = round(lease_s * 1000)
        self._me = uuid.uuid4().hex
        self._beat = self._client.register_script(_BEAT)
        self._release = self._client.register_script(_RELEASE)

    def beat(self, cameras: Sequence[str], held: Mapping[str, int]) -> Held:
        """Renew what is held, take what is free and due, and hear what to give up.

        Args:
            cameras: all that there are; every member should be given the same.
            held: epoch (UTC ns) of each camera that is held so far.

        Raises:
            StateError: Redis did not answer; what it did is not known.
        """
        arguments: list[str | int] = [self._me, self._lease_ms, clock.now() // clock.MICROSECOND]
        for camera in cameras:
            arguments += [camera, held.get(camera, 0) // clock.MICROSECOND]
        keys = [f"{self._base}members", f"{self._base}epochs", *(self._key(camera) for camera in cameras)]
        members, *leases = self._call(lambda: self._beat(keys=keys, args=arguments))
        found = [(camera.decode(), int(epoch) * clock.MICROSECOND, leaving) for camera, epoch, leaving in leases]
        return Held(
            members=members,
            epochs={camera: epoch for camera, epoch, leaving in found if not leaving},
            leaving=frozenset(camera for camera, _, leaving in found if leaving),
        )

    def release(self, cameras: Collection[str], *, depart: bool = False) -> int:
        """Let leases go that are held; with `depart` this member is not counted any more. Returns how many went.

        Raises:
            StateError: Redis did not answer; they end by themselves.
        """
        keys = [f"{self._base}members", *(self._key(camera) for camera in sorted(cameras))]
        given: int = self._call(lambda: self._release(keys=keys, args=[self._me, int(depart)]))
        return given

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def _key(self, camera: str) -> str:
        return f"{self._base}lease:{camera}"

    def _call(self, work: Callable[[], T]) -> T:
        import redis

        try:
            return work()
        except (redis.RedisError, OSError) as error:
            raise state_error(error, self._place) from None
