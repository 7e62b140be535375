"""`explain`: what became of a function, by source line. The function is captured, but not run."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, field
from typing import Any

from xcs.api.dependence import Place
from xcs.api.function import Fallback, JitFunction, Program
from xcs.api.measured import measured_remarks
from xcs.api.pipeline import ORCHESTRATION, with_rules
from xcs.api.remarks import Program as Explained
from xcs.api.remarks import Remark
from xcs.api.stages import ArrayCode, CaptureError, capture_for
from xcs.api.stats import ARRAY_ANALYSIS, Analysis
from xcs.frontend.guards import Guards


@dataclass(frozen=True)
class Report:
    """What there is to say of a function: the data of an `Explanation`."""

    function: str
    file: str
    strategy: str
    headline: str
    """What becomes of the function, in one sentence; why it gains nothing, where that is so."""
    facts: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    passes: str = ""

    def as_text(self) -> str:
        """Lines for people. Those of other files name these."""
        lines = [f"{self.function}: {self.headline}", f"  strategy: {self.strategy}"]
        lines += [f"  {fact}" for fact in self.facts]
        lines += [f"  {remark.shown(self.file)}" for remark in self.remarks]
        if self.passes:
            lines.append(f"  passes: {self.passes}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as JSON takes it."""
        return {
            "function": self.function,
            "file": self.file,
            "strategy": self.strategy,
            "headline": self.headline,
            "facts": list(self.facts),
            "remarks": [remark.as_dict() for remark in self.remarks],
            "passes": self.passes,
        }

    def as_html(self) -> str:
        """A table of the remarks."""
        cell = lambda text: f"<td style='text-align:left;vertical-align:top'>{text}</td>"
        rows = [
            "<tr>"
            + cell(f"<code>{html.escape(_place(remark))}</code>")
            + cell(f"<b>{remark.kind}</b>")
            + cell(
                html.escape(remark.text)
                + (f"<br><i>{html.escape(remark.advice)}</i>" if remark.advice else "")
            )
            + "</tr>"
            for remark in self.remarks
        ]
        facts = html.escape("; ".join([f"strategy: {self.strategy}", *self.facts]))
        return (
            f"<div><p><b>{html.escape(self.function)}</b>: {html.escape(self.headline)}</p>"
            f"<p>{facts}</p><table>{''.join(rows)}</table></div>"
        )


def _place(remark: Remark) -> str:
    column = f":{remark.column}" if remark.column else ""
    return f"{os.path.basename(remark.file)}:{remark.line}{column}" if remark.line else ""


class Explanation(str):
    """The text of a report; `report` is its data, `as_html` its form for browsers."""

    report: Report

    def __new__(cls, report: Report) -> Explanation:
        """The report's text."""
        made = super().__new__(cls, report.as_text())
        made.report = report
        return made

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What there is to say, by file, line and column."""
        return self.report.remarks

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as JSON takes it."""
        return self.report.as_dict()

    def as_html(self) -> str:
        """A table of the remarks."""
        return self.report.as_html()

    _repr_html_ = as_html

    def __repr__(self) -> str:
        return str(self)


def explain(function: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Explanation:
    """A report for such arguments. The function is captured, but not run."""
    return Explanation(_Maker(function, args, kwargs).report())


@dataclass
class _Maker:
    function: JitFunction
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    facts: list[str] = field(default_factory=list)

    def report(self) -> Report:
        function = self.function
        if reason := function.not_captured():
            return self._plain(reason)
        known = self._known()
        if known is not None:
            return self._of_program(known)
        try:
            captured = capture_for(function, self.args, self.kwargs)
        except CaptureError as error:
            self._uncompiled(Fallback(str(error), Guards()))
            return self._plain(str(error))
        if isinstance(captured, ArrayCode):
            if (array := function.arrays.program) is not None and array.by_jax is not None:
                self.facts.append(f"runs as JAX traced it: {array.by_jax}")
            return self._made(ARRAY_ANALYSIS, "it is array code alone, and runs as one kernel")
        program = function.compile_captured(captured)
        if isinstance(program, Fallback):
            self._uncompiled(program)
            return self._plain(program.reason)
        return self._of_program(program)

    def _known(self) -> Program | None:
        """The program that calls with such arguments run, if there was one."""
        try:
            return self.function.program_for(self.args, self.kwargs)
        except TypeError:
            return None

    def _uncompiled(self, program: Program | Fallback) -> None:
        """Note why array code is left to plain Python, if any is."""
        function = self.function
        call = function.arrays.describe(self.args, self.kwargs)
        if (reason := function.left_to_python(call, program)) is not None:
            self.facts.append(f"array code is not compiled: {reason}")

    def _plain(self, reason: str) -> Report:
        analysis = Analysis("fallback", fallback_reason=reason)
        return self._made(analysis, f"runs as plain Python: {reason}")

    def _of_program(self, program: Program) -> Report:
        function = self.function
        self._uncompiled(program)
        file = function.place[0]
        explained = Explained(program.captured, program.lowered.module, function.name, file)
        analysis = program.analysis
        if analysis.orchestration_operations:
            count = analysis.orchestration_operations
            self.facts.append(f"calls of operators in the source: {count}")
        if analysis.tensor_operations:
            self.facts.append(
                f"runs of array code: {analysis.tensor_operations}, "
                f"kernels: {analysis.fused_kernels}"
            )
        remarks = explained.remarks()
        if (last := function.stats.last) is not None:
            remarks += measured_remarks(last)
        passes = with_rules(ORCHESTRATION, function.config.optimize)
        return self._made(analysis, explained.headline(), tuple(remarks), passes)

    def _made(
        self,
        analysis: Analysis,
        headline: str,
        remarks: tuple[Remark, ...] = (),
        passes: str = "",
    ) -> Report:
        function = self.function
        return Report(
            function.name,
            function.place[0],
            analysis.strategy,
            headline,
            tuple(self.facts),
            remarks,
            passes,
        )


__all__ = ["Explanation", "Place", "Remark", "Report", "explain"]
