"""What there is to say of a program, by source line: what runs at once, what waits, and why."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation

from xcs.api.dependence import Dependence, Loop, Place, Site, Source, place_of
from xcs.dialects import orch
from xcs.frontend.capture import Captured
from xcs.frontend.classification import Classification
from xcs.runtime.errors import function_of

RemarkKind = Literal["together", "waits", "place", "native", "note", "gain"]
"""What a remark is about: what runs at once; what waits for a value; what keeps its place in the
program; what is not captured; anything else; and what a change would bring."""


@dataclass(frozen=True, order=True)
class Remark:
    """Something about a line of the source. Lines and columns are 0 where they are not known."""

    file: str
    line: int
    column: int
    kind: RemarkKind
    text: str
    advice: str = ""
    """What to declare or to change, where that may help."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by their names."""
        return asdict(self)

    def shown(self, file: str) -> str:
        """The remark as a line of text, in an explanation of a function of such a file."""
        text = f"{self.text}. {self.advice}" if self.advice else self.text
        if not self.line:
            return text
        elsewhere = f"{os.path.basename(self.file)}, " if self.file != file else ""
        return f"{elsewhere}line {self.line}: {text}"


class Program:
    """The parts of a captured program that remarks are made from."""

    def __init__(self, captured: Captured, module: ModuleOp, name: str, file: str) -> None:
        self.captured, self.name, self.file = captured, name, file
        self.dependence = Dependence(module, captured.names)
        self.verdicts: Mapping[str, Classification] = captured.verdicts

    # --- Names ---

    def where(self, places: Iterable[Place]) -> str:
        """``line 5``, ``lines 5, 7``, or ``agent.py:5`` for another file."""
        own = sorted({p.line for p in places if p.file in (self.file, "")})
        listed = [f"line{'s' * (len(own) > 1)} {', '.join(map(str, own))}"] if own else []
        others = sorted(
            {(os.path.basename(p.file), p.line) for p in places}
            - {(os.path.basename(self.file), line) for line in own}
        )
        return ", ".join([*listed, *(f"{file}:{line}" for file, line in others if line)])

    def named(self, sites: Iterable[Site | Operation], at: Place | None = None) -> str:
        """Sites with their lines; those of one name together, and without lines if all are `at`."""
        places: dict[str, set[Place]] = defaultdict(set)
        for site in sites:
            found = site if isinstance(site, Site) else self.dependence.sites[site]
            places[found.name].add(found.place)
        by_place = sorted(places.items(), key=lambda item: (min(item[1]), item[0]))
        return ", ".join(
            name
            if at is not None and {p[:2] for p in where} == {at[:2]}
            else f"{name} ({self.where(where)})"
            for name, where in by_place
        )

    def why_ordered(self, site: Site) -> str:
        """Why the calls of a site keep their place."""
        if site.operator is None:
            if isinstance(site.op, orch.InvokeOp):
                return "which function it is, and what that does, only a run tells"
            return "it makes calls that do"
        verdict = self.verdicts.get(site.operator.sym_name.data)
        if verdict is None or verdict.evidence == "declared":
            return "it is declared as ordered"
        return verdict.reason

    # --- Remarks ---

    def remarks(self) -> list[Remark]:
        """All of them, in the order of the source."""
        found = [
            *self._together(),
            *filter(None, map(self._loop, self.dependence.loops.values())),
            *self._sites(),
            *self._stores(),
            *self._same_calls(),
            *self._told(),
        ]
        unique = {(r.file, r.line, r.text): r for r in found}
        return sorted(unique.values(), key=lambda r: (r.file != self.file, r))

    def _remark(self, place: Place, kind: RemarkKind, text: str, advice: str = "") -> Remark:
        return Remark(place.file or self.file, place.line, place.column, kind, text, advice)

    def _together(self) -> Iterator[Remark]:
        for function in self.dependence.reached:
            for block in _blocks(function):
                groups: dict[int, list[Operation]] = defaultdict(list)
                for op, level in self.dependence.levels(block).items():
                    if all(self.dependence.can_overlap(s) for s in self.dependence.sites_in(op)):
                        groups[level].append(op)
                for ops in groups.values():
                    if len(ops) > 1:
                        yield self._group(ops)

    def _group(self, ops: list[Operation]) -> Remark:
        sites = [self.dependence.sites[op] for op in ops if op in self.dependence.sites]
        others = [op for op in ops if op not in self.dependence.sites]
        named = [self.named(sites)] if sites else []
        words = Counter((_WORDS.get(type(o), "part"), self.where([place_of(o)])) for o in others)
        named += [
            f"the {word} in {where}" if count == 1 else f"{count} {_PLURALS[word]} in {where}"
            for (word, where), count in words.items()
        ]
        first = min(place_of(op) for op in ops)
        start = f"{len(ops)} calls run at once" if not others else "these run at once"
        return self._remark(first, "together", f"{start}: {', '.join(named)}")

    def _loop(self, loop: Loop) -> Remark | None:
        dependence = self.dependence
        if loop.decides:
            deciding = self.named(loop.decides, loop.place)
            text = (
                f"an iteration starts when {deciding} of the one before has told whether there is "
                "another"
            )
            return self._remark(loop.place, "waits", text)
        free = [s for s in loop.sites if dependence.can_overlap(s) and s not in loop.serial]
        if not free:
            return self._serial_loop(loop)
        listed = self.named(free, loop.place)
        if loop.serial:
            text = f"iterations run at once: {listed}; but {self._one_after_another(loop)}"
        elif loop.waits_perhaps:
            text = (
                f"iterations may run at once: {listed}; one waits for those before it where it "
                "reads what they store"
            )
            if loop.decides_perhaps:
                text += ", or where that tells whether there is another"
        else:
            text = f"iterations run at once: {listed}"
        return self._remark(loop.place, "together", text)

    def _serial_loop(self, loop: Loop) -> Remark | None:
        if loop.serial:
            text = f"iterations run one after another: {self._one_after_another(loop)}"
            return self._remark(loop.place, "waits", text)
        unknown = [s for s in loop.sites if isinstance(s.op, orch.InvokeOp)]
        if unknown:
            text = (
                f"iterations run at once if the function that is called then "
                f"({self.where(s.place for s in unknown)}) has no effects whose order matters"
            )
            return self._remark(loop.place, "note", text)
        return None  # what keeps its place says so itself

    def _one_after_another(self, loop: Loop) -> str:
        behind = frozenset().union(*loop.serial.values())
        return f"{self.named(loop.serial)} needs what {self.named(behind)} gave the one before"

    def _sites(self) -> Iterator[Remark]:
        for site in self.dependence.sites.values():
            if site.is_ordered and not site.is_function:
                yield self._ordered(site)
        for softly in (False, True):
            yield from self._waiting(softly=softly)

    def _waiting(self, *, softly: bool) -> Iterator[Remark]:
        """What sites wait for; those of one line that wait for the same are told together."""
        groups: dict[tuple[frozenset[Operation], str, int], list[Site]] = defaultdict(list)
        for site in self.dependence.sites.values():
            if site.is_ordered and not site.is_function:
                continue
            before = self._nearest(site, site.waits.hard)
            if softly:
                before = self._nearest(site, site.waits.all) - before
            if before:
                groups[before, *site.place[:2]].append(site)
        for (before, _, _), sites in groups.items():
            place = min(site.place for site in sites)
            names = list(dict.fromkeys(site.name for site in sites))
            verb = "waits" if len(names) == 1 else "wait"
            text = f"{_listed(names)} {verb} for {self.named(before)}"
            if softly:
                text += " where it reads what that stores"
            yield self._remark(place, "waits", text)

    def _nearest(self, site: Site, sources: Iterable[Source]) -> frozenset[Operation]:
        """The sites of other lines among them that no other one of them waits for."""
        sites = {s for s in sources if isinstance(s, Operation)}
        further = {w for s in sites if s is not site.op for w in self.dependence.sites[s].waits.all}
        return frozenset(s for s in sites - further if place_of(s)[:2] != site.place[:2])

    def _ordered(self, site: Site) -> Remark:
        text = (
            f"{site.name} keeps its place in the program, after everything before it: "
            f"{self.why_ordered(site)}"
        )
        return self._remark(site.place, "place", text, self._advice(site))

    def _advice(self, site: Site) -> str:
        """What to declare, where calls of the site would run at once then."""
        operator = site.operator
        if operator is None:
            return ""
        verdict = self.verdicts.get(operator.sym_name.data)
        if verdict is None or verdict.evidence == "declared" or not self._is_repeated(site):
            return ""
        if verdict.evidence != "table":
            return (
                f"If its calls may run in any order, declare it: @xcs.op, or xcs.op({site.name}) "
                "where it is not yours"
            )
        caller = function_of(site.op).rpartition(":")[2]
        if not caller or caller == self.name:
            return ""
        return f"If calls of {caller} may run in any order, declare it with @xcs.op"

    def _is_repeated(self, site: Site) -> bool:
        """Whether there are several calls that could run at once, did they not keep their place."""
        if len([s for s in self.dependence.sites.values() if s.operator is site.operator]) > 1:
            return True
        around = {site.op, *_ancestors(site.op)}
        symbols = {op.sym_name.data for op in around if isinstance(op, func.FuncOp)}
        for loop in self.dependence.loops.values():
            for inner in loop.sites:
                op = inner.op
                if inner is site or (
                    isinstance(op, func.CallOp) and op.callee.string_value() in symbols
                ):
                    return True
        return False

    def _stores(self) -> Iterator[Remark]:
        """Stores to global variables, which nothing that is shared overtakes."""
        for function in self.dependence.reached:
            for op in function.walk():
                if isinstance(op, orch.HostOp) and (found := _STORE.fullmatch(op.source.data)):
                    text = (
                        f"the global variable {found[1]} is set in its place in the program, after "
                        "everything before; what looks at anything shared then waits for that"
                    )
                    advice = (
                        "An attribute of an object, or an entry of a dict, would hold up nothing"
                    )
                    yield self._remark(place_of(op), "place", text, advice)

    def _same_calls(self) -> Iterator[Remark]:
        """Calls that are made twice with the very same arguments."""
        for function in self.dependence.reached:
            for block in _blocks(function):
                seen: dict[Any, Site] = {}
                for op in block.ops:
                    site = self.dependence.sites.get(op)
                    if site is None or site.operator is None or site.is_ordered:
                        continue
                    assert isinstance(op, orch.CallOp)
                    key = (op.callee, tuple(op.arguments), op.keywords, op.starred)
                    first = seen.setdefault(key, site)
                    if first is not site:
                        text = f"{site.name} is called as in {self.where([first.place])}"
                        advice = (
                            "If equal calls give equal results, @xcs.op(deterministic=True) makes "
                            "one of them"
                        )
                        yield self._remark(site.place, "gain", text, advice)

    def _told(self) -> Iterator[Remark]:
        """What capture has said; the same reason once, with all its lines."""
        lines: dict[tuple[str, str], list[int]] = defaultdict(list)
        for part in self.captured.native_parts:
            lines[part.filename, part.text].append(part.line or 0)
        for (file, text), found in lines.items():
            more = f" (also in lines {', '.join(map(str, found[1:]))})" if found[1:] else ""
            place = Place(file, found[0], 0)
            yield self._remark(place, "native", f"stays plain Python: {text}{more}")
        for remark in self.captured.remarks:
            yield self._remark(Place(remark.filename, remark.line or 0, 0), "note", remark.text)

    # --- The whole ---

    def gains_nothing_because(self) -> str | None:
        """Why no two calls can run at once, in one sentence; None if some can."""
        dependence = self.dependence
        if any(loop.overlaps for loop in dependence.loops.values()):
            return None
        sites = [s for s in dependence.sites.values() if not s.is_function]
        if any(True for _ in self._together()):
            return None
        native = self.captured.native_parts
        if not sites:
            return native[0].shown(self.file) if native else "it calls no operator"
        ordered = [s for s in sites if s.is_ordered]
        if len(ordered) == len(sites):
            first = min(ordered, key=lambda s: s.place)
            return f"{first.name} keeps its place in the program: {self.why_ordered(first)}"
        if deciding := [loop for loop in dependence.loops.values() if loop.decides]:
            return f"{self.named(deciding[0].decides)} decides whether there is another iteration"
        if serial := [loop for loop in dependence.loops.values() if loop.serial]:
            return self._one_after_another(serial[0])
        if len(sites) == 1:
            return f"{self.named(sites)} is its only call"
        return f"each of its calls waits for the one before: {self.named(sites)}"

    def headline(self) -> str:
        """What becomes of the program, in one sentence."""
        if reason := self.gains_nothing_because():
            return f"no two calls run at once: {reason}"
        overlapping = [loop for loop in self.dependence.loops.values() if loop.overlaps]
        perhaps = sum(loop.waits_perhaps for loop in overlapping)
        certain, groups = len(overlapping) - perhaps, sum(1 for _ in self._together())
        sure = [_counted(certain, "loop"), _counted(groups, "group of calls", "groups of calls")]
        parts = []
        if listed := " and ".join(part for part in sure if part):
            parts.append(f"{listed} run{'s' if certain + groups == 1 else ''} at once")
        if perhaps:
            parts.append(f"{_counted(perhaps, 'loop')} as far as the data allow")
        return ", ".join(parts)


_STORE = re.compile(r"globals\(\)\['(\w+)'\] = value")
"""How capture writes an assignment to a global variable."""

_WORDS: dict[type[Operation], str] = {
    orch.MapOp: "loop",
    orch.ForOp: "loop",
    orch.WhileOp: "loop",
    orch.IfOp: "branch",
    orch.TryOp: "try",
}


_PLURALS = {
    "loop": "loops",
    "branch": "branches",
    "try": "try statements",
    "part": "parts",
}


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def _counted(number: int, word: str, plural: str = "") -> str:
    if not number:
        return ""
    return f"{number} {word if number == 1 else plural or word + 's'}"


def _ancestors(op: Operation) -> Iterator[Operation]:
    parent = op.parent_op()
    while parent is not None:
        yield parent
        parent = parent.parent_op()


def _blocks(op: Operation) -> Iterator[Block]:
    for inner in op.walk():
        for region in inner.regions:
            yield from region.blocks
