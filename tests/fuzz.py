"""Looks for programs that do jitted what they do not do plain: ``python -m tests.fuzz``.

``--count`` programs, from ``--seed`` on, are split over ``--jobs`` processes. Programs that differ
are grouped by what differs; of each group some are made smaller and shown. The exit code is 1 if
there are any. ``--show SEED`` prints a program and what it does differently.
``--makespan`` measures instead how near to their critical paths the programs come.
"""

from __future__ import annotations

import argparse
import ast
import faulthandler
import json
import os
import re
import resource
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

CHUNK = 50
"""Programs that one process runs; a new one is started after a hang or a crash."""

MEMORY = 4 << 30
"""Bytes of address space that a process may take."""

PATIENCE = 20.0
"""Seconds after which a jitted call counts as hung."""


@dataclass(frozen=True)
class Finding:
    """A program that did something else jitted."""

    seed: int
    difference: str = ""
    path: float = 0.0
    makespan: float = 0.0

    @property
    def group(self) -> str:
        """What it has in common with others: the first line of the difference, without details."""
        first = self.difference.partition("\n")[0]
        if first.startswith("internal"):
            said = self.difference.rpartition("jitted: ")[2]
            place = re.search(r"\[\w+ in [^\]]*\]", said)
            first = place[0] if place else said.partition("\n")[0]
        for pattern, text in (
            (r"call \d+, max_workers=\w+, latency=[\d.]+: ", ""),
            (r"'[^']*'|\"[^\"]*\"", "'...'"),
            (r"/generated/\d+\.py:\d+", "<generated>"),
            (r"\d+", "N"),
        ):
            first = re.sub(pattern, text, first)
        return first[:160]


IGNORE = os.environ.get("XCS_FUZZ_IGNORE", "").split(",")
"""What is not compared; for looking at other things while something is known to differ."""


def examine(seed: int) -> str:
    """What the program of a seed does differently; empty if nothing."""
    from generated_programs import differs, settings_of, write_program

    return differs(write_program(seed), seconds=PATIENCE, ignore=IGNORE, **settings_of(seed))


def measure(seed: int) -> dict[str, Any]:
    """The critical path of the program of a seed, and its makespan jitted."""
    from differential import Endless
    from generated_programs import makespan, write_program

    try:
        found = makespan(write_program(seed), PATIENCE)
    except Endless:
        return {}
    except Exception as error:
        return {"difference": f"{type(error).__name__}: {error}"}
    return {"path": found[0], "makespan": found[1]} if found else {}


def work(start: int, stop: int, what: str) -> None:
    """Run programs and print a line for each: what a process of its own does."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore", SyntaxWarning)
    for seed in range(start, stop):
        print(json.dumps({"begin": seed}), flush=True)
        faulthandler.dump_traceback_later(3 * PATIENCE, exit=True)
        found = measure(seed) if what == "makespan" else {"difference": examine(seed)}
        print(json.dumps({"seed": seed} | found), flush=True)
        if "no result after" in found.get("difference", ""):
            os._exit(0)  # what hangs still takes threads and time
    os._exit(0)


def run_chunk(start: int, stop: int, what: str) -> Iterator[Finding]:
    """Run programs in processes of their own, and give what is to be said about them."""
    while start < stop:
        command = [sys.executable, "-m", "tests.fuzz", "--work", f"{start}:{stop}:{what}"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            lines, code, said = done.stdout, done.returncode, done.stderr
        except subprocess.TimeoutExpired as late:
            lines, code, said = _text(late.stdout), None, "no end after 600 s"
        begun = start
        for line in lines.splitlines():
            found: dict[str, Any] = json.loads(line)
            if "begin" in found:
                begun = found["begin"]
                continue
            if finding := {k: v for k, v in found.items() if v and k != "seed"}:
                yield Finding(found["seed"], **finding)
            start = found["seed"] + 1
        if start <= begun < stop and start < stop and code != 0:
            yield Finding(begun, f"crash: exit code {code}, {said[-500:]}")
            start = begun + 1


def _text(output: str | bytes | None) -> str:
    return output.decode() if isinstance(output, bytes) else output or ""


def search(count: int, seed: int, jobs: int, what: str = "difference") -> list[Finding]:
    """Run so many programs on so many processes at a time."""
    chunks = [(n, min(n + CHUNK, seed + count)) for n in range(seed, seed + count, CHUNK)]
    findings: list[Finding] = []
    begin = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        results = pool.map(lambda chunk: list(run_chunk(chunk[0], chunk[1], what)), chunks)
        for done, found in enumerate(results, 1):
            findings += found
            if done % 20 == 0 or done == len(chunks):
                spent = time.monotonic() - begin
                programs = min(done * CHUNK, count)
                differ = sum(bool(finding.difference) for finding in findings)
                print(f"{programs} programs, {differ} differ, {spent:.0f} s", flush=True)
    return findings


def reduce(finding: Finding, seconds: float) -> str:
    """A smaller program with a difference of the same group, and the difference."""
    from generated_programs import differs, is_repeatable, settings_of, write_program
    from program_reducer import reduce_program

    settings = settings_of(finding.seed)

    def difference(text: str, tries: int = 2) -> str:
        for _ in range(tries):  # what depends on time does not show each time
            if found := differs(text, seconds=5, ignore=IGNORE, **settings):
                return found
        return ""

    def still(text: str) -> bool:
        found = Finding(finding.seed, difference(text))
        return found.group == finding.group and is_repeatable(text)

    coarse = without_statements(write_program(finding.seed), still, seconds=seconds / 2)
    small = reduce_program(coarse, still, seconds=seconds / 2)
    return f"{small}\n\n{difference(small, 5) or finding.difference}"


def without_statements(text: str, still: Callable[[str], bool], seconds: float) -> str:
    """Leave out as many statements at a time as possible, for as long as the program is ``still``.

    Programs are large at first, and trying part after part, as `reduce_program` does, takes long.
    """
    deadline = time.monotonic() + seconds
    best = ast.unparse(ast.parse(text))
    width = 64
    while width >= 1:
        position, progress = 0, False
        while time.monotonic() < deadline:
            tree = ast.parse(best)
            bodies = [b for node in ast.walk(tree) for b in _bodies(node)]
            places = [(body, start) for body in bodies for start in range(0, len(body), width)]
            if position >= len(places):
                break
            body, start = places[position]
            del body[start : start + width]
            if not body:
                body.append(ast.Pass())
            candidate = ast.unparse(tree)
            if len(candidate) < len(best) and still(candidate):
                best, progress = candidate, True
            else:
                position += 1
        if not progress or time.monotonic() > deadline:
            width //= 2
    return best


def _bodies(node: ast.AST) -> list[list[ast.stmt]]:
    found = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    return [body for body in found if isinstance(body, list) and body]


def _reduced(finding: Finding, seconds: float) -> str:
    """As `reduce`, in a process of its own."""
    command = [sys.executable, "-m", "tests.fuzz", "--show", str(finding.seed)]
    command += ["--reduce-seconds", str(seconds), "--group", finding.group]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 60)
    except subprocess.TimeoutExpired:
        return finding.difference
    return done.stdout if done.returncode == 1 else finding.difference


def report(findings: list[Finding], examples: int, seconds: float, jobs: int) -> None:
    """Print the findings by group, with some of each made smaller."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.group].append(finding)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    chosen = [finding for _, found in ordered for finding in found[:examples]]
    with ThreadPoolExecutor(jobs) as pool:
        texts = dict(zip(chosen, pool.map(lambda f: _reduced(f, seconds), chosen), strict=True))
    for group, found in ordered:
        print(f"\n## {len(found)} times: {group}\nseeds {[f.seed for f in found[:12]]}")
        for finding in found[:examples]:
            print(f"\n### seed {finding.seed}\n```python\n{texts[finding]}\n```")


def report_makespans(findings: list[Finding], most: int = 40) -> None:
    """Print how near to their critical paths programs come, and which are farthest from them."""
    measured = [finding for finding in findings if finding.path]
    near = [finding for finding in measured if finding.makespan <= 1.02 * finding.path]
    share = len(near) / max(1, len(measured))
    print(f"{len(near)} of {len(measured)} ({share:.1%}) within 1.02 of the critical path")
    sooner = [finding.seed for finding in measured if finding.makespan < 0.98 * finding.path]
    print(f"{len(sooner)} sooner than the reference says, which then is too careful: {sooner[:10]}")
    for finding in sorted(measured, key=lambda f: -f.makespan / f.path)[:most]:
        if finding not in near:
            ratio = finding.makespan / finding.path
            print(f"seed {finding.seed}: {finding.makespan} for {finding.path}, {ratio:.2f}")
    for finding in findings:
        if finding.difference:
            print(f"seed {finding.seed}: {finding.difference[:300]}")


def show(seed: int, seconds: float, group: str) -> int:
    """Print one program, as small as it can be made, and what it does differently."""
    from generated_programs import write_program

    finding = Finding(seed, examine(seed))
    if not finding.difference:
        print(write_program(seed))
        return 0
    if group and finding.group != group:
        print(write_program(seed), finding.difference, sep="\n\n")
    else:
        print(
            reduce(finding, seconds)
            if seconds
            else f"{write_program(seed)}\n\n{finding.difference}"
        )
    return 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="programs")
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--examples", type=int, default=1, help="of each group of differences")
    parser.add_argument("--reduce-seconds", type=float, default=30.0, help="for each example")
    parser.add_argument("--makespan", action="store_true", help="measure parallelism instead")
    parser.add_argument("--show", type=int, metavar="SEED", help="one program")
    parser.add_argument("--group", default="", help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        start, stop, what = options.work.split(":")
        work(int(start), int(stop), what)
    warnings.simplefilter("ignore", SyntaxWarning)
    if options.show is not None:
        code = show(options.show, options.reduce_seconds, options.group)
        sys.stdout.flush()
        os._exit(code)
    if options.makespan:
        report_makespans(search(options.count, options.seed, options.jobs, "makespan"))
        return
    findings = search(options.count, options.seed, options.jobs)
    report(findings, options.examples, options.reduce_seconds, options.jobs)
    print(f"\n{options.count} programs, {len(findings)} differ")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
