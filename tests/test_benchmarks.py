"""The benchmarks run and report; what they measure is not asserted."""

import json
import math
import re

import jax
import pytest

import xcs
from benchmarks import __main__ as command
from benchmarks import profile, uneven_dag
from benchmarks.contest import SUBJECT, Contest, Result, hold
from benchmarks.models import MODELS, Model
from benchmarks.registry import BENCHMARKS
from benchmarks.report import HEADER, as_json, table
from tests.parity.numbering import Numbering


def result(mine: list[float], other: list[float], goals: dict[str, float]) -> Result:
    contenders = {SUBJECT: lambda: 0.0, "rival": lambda: 0.0}
    contest = Contest("a thing to do", contenders, len(mine), goals)
    return Result(contest, {SUBJECT: mine, "rival": other})


def test_ratio_is_the_median_of_the_rounds_ratios():
    assert result([2.0, 3.0, 50.0], [1.0, 2.0, 10.0], {}).ratio("rival") == 2.0


@pytest.mark.parametrize(("goal", "met"), [(2.0, True), (1.9, False)])
def test_goal_is_met_up_to_and_including_its_ratio(goal: float, met: bool):
    assert result([2.0], [1.0], {"rival": goal}).met("rival") is met


def test_without_a_goal_nothing_is_met_or_missed():
    assert result([2.0], [1.0], {}).met("rival") is None


def test_best_ratio_compares_the_fastest_samples_whatever_their_rounds():
    assert result([2.0, 9.0], [8.0, 1.0], {}).best_ratio("rival") == 2.0


def test_contenders_take_turns_after_one_sample_that_does_not_count():
    taken: list[str] = []

    def contender(name: str):
        def sample() -> float:
            taken.append(name)
            return float(len(taken))

        return sample

    contenders = {SUBJECT: contender(SUBJECT), "rival": contender("rival")}
    found = hold(Contest("taking turns", contenders, rounds=2))
    assert taken == [SUBJECT, "rival", SUBJECT, "rival", "rival", SUBJECT]
    assert found.samples == {SUBJECT: [3.0, 6.0], "rival": [4.0, 5.0]}


def test_table_has_a_line_for_each_rival():
    lines = table({"name": [result([2e-6], [1e-6], {"rival": 1.5})]}).splitlines()
    assert lines[0].split("  ")[0] == HEADER[0]
    cells = [
        "a thing to do",
        "2.00 us",
        "rival",
        "1.00 us",
        "2.000",
        "2.000 - 2.000",
        "2.000",
        "1.50",
        "NO",
    ]
    assert re.split(r"  +", lines[2]) == cells


def test_json_says_what_was_measured_where():
    found = as_json({"name": [result([2.0], [1.0], {"rival": 1.5})]}, quick=False)
    assert json.loads(json.dumps(found)) == found
    assert {"system", "processor", "cores", "load_average", "python"} == set(found["machine"])
    assert found["versions"]["jax"]
    assert found["benchmarks"]["name"] == [
        {
            "name": "a thing to do",
            "unit": "seconds",
            "samples": {SUBJECT: [2.0], "rival": [1.0]},
            "against": {"rival": {"ratio": 2.0, "best_ratio": 2.0, "goal": 1.5, "met": False}},
        }
    ]


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_runs_and_writes_its_results(name, tmp_path, capsys):
    path = tmp_path / "results.json"
    command.main(["--only", name, "--quick", "--json", str(path)])
    contests = json.loads(path.read_text())["benchmarks"][name]
    shown = capsys.readouterr().out
    for contest in contests:
        assert contest["name"] in shown
        assert SUBJECT in contest["samples"]
        assert len({len(samples) for samples in contest["samples"].values()}) == 1
        for samples in contest["samples"].values():
            assert all(math.isfinite(seconds) and seconds > 0 for seconds in samples)


def test_profile_shows_functions_of_xcs(capsys):
    profile.main(["many-calls", "--quick", "--samples", "1", "--sort", "cumulative"])
    assert "engine.py" in capsys.readouterr().out


def test_the_dag_is_one_where_waves_cost_at_least_twice_the_critical_path():
    nodes = uneven_dag.graph()
    slowest = [max(wave, key=lambda node: node.units) for wave in uneven_dag.waves(nodes)]
    critical = uneven_dag.critical_path(nodes)
    assert uneven_dag.length(critical) == 16
    assert uneven_dag.length(slowest) >= 2 * uneven_dag.length(critical)


def test_waves_are_a_valid_order():
    waves = uneven_dag.waves(uneven_dag.graph())
    for number, wave in enumerate(waves):
        assert all(before.wave <= number for node in wave for before in node.after)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_models_are_compiled_from_the_program_that_jax_makes(model: Model):
    # So their run times differ by what disturbs the machine, and by nothing else.
    args = model.make_arguments(True)
    ours, theirs = (jax.jit(f).lower(*args) for f in (xcs.jit(model.function), model.function))
    numbering = Numbering()
    assert numbering.results(ours) == numbering.results(theirs)
