"""Scenario files are checked before anything starts, and their random choices come from the seed alone."""

from __future__ import annotations

import pytest

from faults.scenario import Fault, Scenario, ScenarioError, draw, load, load_all

GOOD = """
name: sample
about: a sample of everything
faults:
  - {do: kill, target: ergonomics, times: 3}
  - {do: delay, target: link/postgres, size: 0.2}
"""


def test_every_scenario_of_the_suite_can_be_read():
    scenarios = load_all()
    assert len(scenarios) >= 12
    assert any(scenario.suite == "short" for scenario in scenarios)
    for scenario in scenarios:
        assert scenario.name == "calm" or draw(scenario), scenario.name


def test_the_same_seed_gives_the_same_actions_and_another_does_not(tmp_path):
    path = tmp_path / "sample.yaml"
    path.write_text(GOOD)
    scenario = load(path)
    assert draw(scenario) == draw(scenario)
    assert draw(scenario, 7) != draw(scenario, 8)
    actions = draw(scenario)
    assert len(actions) == 4
    assert actions == sorted(actions)
    assert all(0.15 <= action.at <= 0.85 for action in actions)
    assert all(0.5 <= action.lasts_s <= 2.0 for action in actions)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("name: sample", "name: other"), "call it as its file"),
        (("do: kill", "do: kil"), "'kil' cannot be done to ergonomics; kill can"),
        (("target: ergonomics", "target: nothing"), "'nothing' is no service, server, link or topic"),
        (("target: ergonomics", "target: pose"), "a fault is on 'pose', which does not run"),
        (("target: link/postgres", "target: link/mars"), "'link/mars' is none of link/kafka"),
        (("times: 3", "times: 0"), "faults.0.times"),
        (("size: 0.2", "windows: [0, 1]"), "faults.1.windows"),
        (("size: 0.2", "window: [0.9, 0.1]"), "window 0.9 to 0.1 is empty"),
        (("target: ergonomics, times: 3", "target: kafka"), "a restart of kafka needs broker: noida"),
        (("about: a sample", "about: [a sample"), "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_the_reason(tmp_path, change, says):
    path = tmp_path / "sample.yaml"
    path.write_text(GOOD.replace(*change))
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert says in str(caught.value)
    assert str(caught.value).startswith("sample.yaml")


def test_a_link_to_a_broker_that_advertises_itself_is_refused():
    with pytest.raises(ValueError, match="needs broker: tansu"):
        Scenario(
            name="x", about="a broker behind a proxy", broker="noida", faults=(Fault(do="cut", target="link/kafka"),)
        )
