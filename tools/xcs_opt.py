"""`xcs-opt`: parses or captures a module, runs passes over it, and prints it.

xDSL's driver, with what a user of xcs needs beside it: messages that point at the input,
verification of definitions before uses, a reproducer when a pass crashes, and Python functions as
input. IR is data: nothing that a file names is imported, and no host expression is evaluated.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from functools import partial
from io import BytesIO
from typing import IO, Any, NoReturn

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.parser import Span
from xdsl.passes import ModulePass, PassPipeline
from xdsl.printer import Printer
from xdsl.utils.arg_spec import parse_pipeline
from xdsl.utils.exceptions import (
    ArgSpecParseError,
    DiagnosticException,
    ParseError,
    PassFailedException,
    ShrinkException,
    VerifyException,
)
from xdsl.utils.lexer import Input
from xdsl.xdsl_opt_main import xDSLOptMain

import xcs
from xcs.dialects.stablehlo.print import OpDiagnostic
from xcs.tools.diagnostics import AnySpan, InputError, LocatedVerifyException, render, render_span
from xcs.tools.reproducer import reproducer_flags, write_reproducer
from xcs.tools.source_parser import SourceParser
from xcs.tools.verifier import located, verify

_PYTHON_FUNCTION = re.compile(r"(?P<path>.+\.py):(?P<name>[^\W\d][\w.]*)")


class XcsOptMain(xDSLOptMain):
    """xDSL's driver, extended by what the module's docstring lists."""

    version_format = f"xcs-opt {xcs.__version__} (xDSL {{xdsl_version}})"

    def __init__(self, args: Sequence[str] | None = None):
        self._line_offset = 0
        self._source = b""
        self._spans: dict[Operation, AnySpan] = {}
        self._running: ModulePass | None = None
        self._started = 0.0
        self._op_count = 0
        given = list(sys.argv[1:] if args is None else args)
        if "--run-reproducer" in given:
            path = next((text for text in given if not text.startswith("-")), None)
            given += reproducer_flags(path)
        super().__init__(description="Rewrites and prints xcs modules.", args=given)

    # --- What the driver knows ----------------------------------------------------------------

    def register_all_arguments(self, arg_parser: argparse.ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.prog = "xcs-opt"
        arg_parser.add_argument(
            "--arg",
            dest="capture_args",
            metavar="JSON",
            action="append",
            type=_json_argument,
            default=[],
            help="argument for which app.py:function is captured, in order; may be repeated",
        )
        arg_parser.add_argument(
            "--reproducer",
            metavar="FILE",
            help="where to write the module that a pass crashed on (default: a temporary file)",
        )
        arg_parser.add_argument(
            "--check-rules",
            metavar="NAME",
            nargs="*",
            help="check rules on random operands through XLA, those whose names contain one of "
            "these texts (default: all), in place of reading a module",
        )
        arg_parser.add_argument(
            "--check-pass",
            metavar=("PIPELINE", "APP.PY:FUNCTION"),
            nargs="+",
            help="check that passes keep what functions do: value, error, effects and calls, also "
            "where calls fail; each function is called with the values of --arg",
        )
        arg_parser.add_argument(
            "--emit-pdl",
            metavar="NAME",
            nargs="*",
            help="print rules as PDL, chosen as for --check-rules; stderr says which have no form",
        )
        arg_parser.add_argument(
            "--help-passes",
            metavar="NAME",
            nargs="*",
            help="say what passes do (default: all of xcs), their options, and the named pipelines",
        )
        for when in ("before", "after"):
            arg_parser.add_argument(
                f"--print-{when}",
                metavar="NAME",
                action="append",
                default=[],
                help=f"print the IR to stderr {when} the pass of this name; may be repeated",
            )
        arg_parser.add_argument(
            "--statistics",
            action="store_true",
            help="print to stderr what each pass did to the number of ops, and how long it took",
        )
        arg_parser.add_argument(
            "--run-reproducer",
            action="store_true",
            help="run the input, a reproducer, with the options that it was written for",
        )
        arg_parser.add_argument(
            "--reduce",
            metavar="COMMAND",
            help="make the module as small as it can be while the command, which is given a file "
            "with the module, still exits with 0; no passes are run",
        )
        arg_parser.add_argument(
            "--debug-rules",
            action="store_true",
            help="print to stderr which rules were tried where, what became of it, and statistics",
        )

    def register_all_dialects(self) -> None:
        # Other packages' dialects and passes come through entry points, and may be broken.
        try:
            super().register_all_dialects()
        except (ImportError, ValueError) as error:
            raise InputError(f"xcs-opt: error: entry point group xdsl.universe: {error}") from error

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["mlir"] = self._parse_mlir
        self.available_frontends["py"] = self._capture

    # --- Rules --------------------------------------------------------------------------------

    def run(self) -> None:
        if self.args.check_rules is not None:
            return self._check_rules(self.args.check_rules)
        if self.args.check_pass is not None:
            return self._check_pass(*self.args.check_pass)
        if self.args.emit_pdl is not None:
            return self._emit_pdl(self.args.emit_pdl)
        if self.args.help_passes is not None:
            return self._help_passes(self.args.help_passes)
        if self.args.reduce is not None:
            return self._reduce(self.args.reduce)
        if not self.args.debug_rules:
            return super().run()
        from xcs.transforms.rules.driver import print_trace, tracing

        with tracing(print_trace):
            return super().run()

    def _check_rules(self, names: Sequence[str]) -> None:
        from xcs.api.tools import check_rules
        from xcs.transforms.rules.registry import named

        failed = False
        for report in check_rules(named(names)):
            print(report.summary(), flush=True)
            failed |= not report.passed
        if failed:
            raise InputError("xcs-opt: error: not all rules keep what they promise")

    def _help_passes(self, names: Sequence[str]) -> None:
        from xcs.tools.pass_help import pass_help
        from xcs.transforms import get_all_passes

        for name in names:
            if name not in self.available_passes:
                raise InputError(f"xcs-opt: error: unknown pass '{name}'{self._similar_pass(name)}")
        print(pass_help(self.available_passes, names or sorted(get_all_passes())))

    def _reduce(self, command: str) -> None:
        from xcs.tools.reducer import NotInteresting, reduced

        stream, extension = self.get_input_stream()
        module = self.parse_chunk(stream, extension)
        if module is None:
            return
        self._verify(module, None)
        try:
            found = reduced(module, command)
        except NotInteresting as error:
            raise InputError(render(self.get_input_name(), str(error))) from error
        print(found.module)
        print(f"// {found.summary()}", file=sys.stderr)

    def _check_pass(self, pipeline: str, *programs: str) -> None:
        from xcs.api.tools import check_pass

        if not programs:
            raise InputError("xcs-opt: error: --check-pass needs functions, as in app.py:main")
        self.args.passes = pipeline
        self.setup_pipeline()
        failed = False
        for program in programs:
            match = _PYTHON_FUNCTION.fullmatch(program)
            if match is None:
                raise InputError(render(program, "a function is given as app.py:function"))
            with open(match["path"], "rb"):
                pass
            try:
                report = check_pass(
                    self.pipeline.passes, match["path"], match["name"], self.args.capture_args
                )
            except Exception as error:
                raise InputError(_python_error(error, match["path"])) from error
            print(report.summary(), flush=True)
            failed |= not report.passed
        if failed:
            raise InputError(f"xcs-opt: error: '{pipeline}' does not keep what programs do")

    def _emit_pdl(self, names: Sequence[str]) -> None:
        from xcs.transforms.rules.pdl import pdl_module
        from xcs.transforms.rules.registry import named

        module, left_out = pdl_module(named(names))
        print(module)
        for name, reason in left_out.items():
            print(f"// not in PDL: '{name}': {reason}", file=sys.stderr)

    # --- Input --------------------------------------------------------------------------------

    def get_input_stream(self) -> tuple[IO[bytes], str]:
        path = self.args.input_file
        if path == "-":
            self.args.input_file = path = None
        if path is not None and _PYTHON_FUNCTION.fullmatch(path):
            return BytesIO(), "py"
        if path is not None and path.endswith(".py"):
            raise InputError(render(path, f"name the function to capture, as in {path}:main"))
        if self.args.capture_args:
            raise InputError(f"xcs-opt: error: --arg needs an input app.py:function, not {path}")
        try:
            stream, extension = super().get_input_stream()
        except ValueError as error:
            raise InputError(render("xcs-opt", f"{path!r}: {error}")) from error
        return stream, extension if extension in self.available_frontends else "mlir"

    def parse_chunk(
        self, chunk: IO[bytes], file_extension: str, start_offset: int = 0
    ) -> ModuleOp | None:
        self._line_offset = start_offset
        return super().parse_chunk(chunk, file_extension, start_offset)

    def _parse_mlir(self, chunk: IO[bytes]) -> ModuleOp:
        self._source = chunk.read()
        module, self._spans = SourceParser.parse(
            self.ctx,
            self._source,
            self.get_input_name(),
            line_offset=self._line_offset,
            implicit_module=not self.args.no_implicit_module,
        )
        return module

    def _capture(self, _: IO[bytes]) -> ModuleOp:
        match = _PYTHON_FUNCTION.fullmatch(self.args.input_file or "")
        if match is None:
            raise InputError("xcs-opt: error: a Python input is given as app.py:function")
        path, name = match["path"], match["name"]
        # Opened here so that a missing or unreadable file is reported as for any other input.
        with open(path, "rb"):
            pass
        from xcs.api.tools import capture_to_module

        try:
            module = capture_to_module(path, name, self.args.capture_args)
        except Exception as error:
            raise InputError(_python_error(error, path)) from error
        self._source, self._spans = str(module).encode(), {}
        return module

    # --- Passes -------------------------------------------------------------------------------

    def setup_pipeline(self) -> None:
        from xcs.transforms.pipelines import expand

        try:
            text = self.args.passes = expand(self.args.passes)
        except DiagnosticException as error:
            raise InputError(f"xcs-opt: error: pass-pipeline: {error}") from error
        try:
            specs = list(parse_pipeline(text))
        except ArgSpecParseError as error:
            raise InputError(_spec_error(error, "pass-pipeline")) from error
        spans = _pass_spans(text)
        passes: list[ModulePass] = []
        for index, spec in enumerate(specs):
            fail = partial(_fail_at, spans[index])
            if (factory := self.available_passes.get(spec.name)) is None:
                fail(f"unknown pass '{spec.name}'{self._similar_pass(spec.name)}")
            try:
                passes.append(factory().from_pass_spec(spec))
            except (ImportError, ValueError) as error:
                fail(f"pass '{spec.name}': {error}")
        self.pipeline = PassPipeline(tuple(passes), self._between_passes)

    def _similar_pass(self, name: str) -> str:
        similar = get_close_matches(name, self.available_passes, n=1)
        return f"; did you mean '{similar[0]}'?" if similar else "; --help lists the passes"

    def apply_passes(self, prog: ModuleOp) -> None:
        self._running = None
        try:
            super().apply_passes(prog)
        except (LocatedVerifyException, ShrinkException):
            raise
        except Exception as error:
            name = self._running.name if self._running is not None else "verifier"
            # A pass rejects a module with a diagnostic. A verifier's complaint inside one means
            # that the pass itself built something invalid.
            if isinstance(error, DiagnosticException) and not isinstance(error, VerifyException):
                message = render(self.get_input_name(), f"pass '{name}': {error}")
                raise PassFailedException(message) from error
            self._crash(f"pass '{name}'", error)

    def _between_passes(
        self, previous: ModulePass | None, module: ModuleOp, following: ModulePass | None
    ) -> None:
        """Time, verify and print. The report goes to stderr, so that stdout is the module alone."""
        if previous is not None and self.args.time_passes:
            seconds = time.perf_counter() - self._started
            print(f"Pass {previous.name} took {seconds:.6f} seconds", file=sys.stderr)
        if self.args.statistics:
            count = sum(1 for _ in module.walk())
            if previous is not None:
                seconds = time.perf_counter() - self._started
                line = f"{previous.name}: {self._op_count} -> {count} ops, {seconds:.6f} seconds"
                print(line, file=sys.stderr)
            self._op_count = count
        if not self.args.disable_verify:
            self._verify(module, previous)
        for when, one in (("after", previous), ("before", following)):
            if one is not None and one.name in getattr(self.args, f"print_{when}"):
                print(f"IR {when} {one.name}:\n{module}\n", file=sys.stderr)
        if previous is not None and following is not None and self.args.print_between_passes:
            print(f"IR after {previous.name}:", file=sys.stderr)
            Printer(sys.stderr).print_op(module)
            print("\n", file=sys.stderr)
        self._running = following
        self._started = time.perf_counter()

    def _verify(self, module: ModuleOp, previous: ModulePass | None) -> None:
        try:
            verify(module, self._spans)
        except LocatedVerifyException as error:
            if previous is not None:
                what = f"pass '{previous.name}'"
                note = self._write_reproducer(f"{what} left invalid IR", error)
                error.args = (f"{error}\nnote: after {what}; {note}",)
            raise

    # --- Output -------------------------------------------------------------------------------

    def output_resulting_program(self, prog: ModuleOp) -> str:
        try:
            return super().output_resulting_program(prog)
        except (DiagnosticException, ValueError) as error:
            what = f"target '{self.args.target}'"
            if isinstance(error, OpDiagnostic):
                raise located(error.op, f"{what}: {error}", self._spans) from error
            raise InputError(render(self.get_input_name(), f"{what}: {error}")) from error
        except Exception as error:
            self._crash(f"target '{self.args.target}'", error)

    def _crash(self, what: str, error: Exception) -> NoReturn:
        """Report a bug in a pass or a target, and leave what is needed to see it again."""
        cause = f"{type(error).__name__}: {error}".rstrip(": ")
        if isinstance(error, RecursionError):
            cause = "the module is nested too deeply"
        message = render(self.get_input_name(), f"{what} crashed: {cause}")
        raise InputError(f"{message}\nnote: {self._write_reproducer(what, error)}") from error

    def _write_reproducer(self, what: str, error: Exception) -> str:
        flags = ["-p", self.args.passes, "-t", self.args.target]
        if self.args.allow_unregistered_dialect:
            flags.append("--allow-unregistered-dialect")
        if self.args.disable_verify:
            flags.append("--disable-verify")
        trace = "".join(traceback.format_exception(error))
        title = f"xcs {xcs.__version__}: {what}"
        try:
            command = write_reproducer(self.args.reproducer, self._source, title, flags, trace)
        except OSError as failure:
            return f"no reproducer was written: {failure}"
        return f"to see it again: {command}"


def _json_argument(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON: {error}") from None


def _pass_spans(pipeline: str) -> list[AnySpan]:
    """Return where each pass's name stands in the text of a pipeline."""
    # Options may hold commas and other passes' names: they are blanked out, keeping the columns.
    names = re.sub(r"\{.*?\}|\[.*?\]", lambda options: " " * len(options[0]), pipeline)
    source = Input(pipeline, "pass-pipeline")
    return [Span(name.start(), name.end(), source) for name in re.finditer(r"[^,\s]+", names)]


def _fail_at(span: AnySpan, message: str) -> NoReturn:
    raise InputError(render_span(span, message))


def _spec_error(error: ArgSpecParseError, where: str) -> str:
    """Return xDSL's message about a pipeline or a target in our form; it keeps the text only."""
    parts = re.fullmatch(
        r".*?\n\S+:(?P<place>\d+:\d+)\n(?P<context>.*\n *\^+)\n *(?P<message>.*)\n?", str(error)
    )
    if parts is None:
        return render(where, str(error))
    return render(f"{where}:{parts['place']}", parts["message"], parts["context"])


def _python_error(error: Exception, path: str) -> str:
    """Return an error that came up while importing or capturing a Python file, with its line."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        location = f"{error.filename}:{error.lineno}:{error.offset}"
        return render(location, error.msg, (error.text or "").rstrip("\n"))
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if os.path.exists(f.filename) and os.path.samefile(f.filename, path)]
    if not own:
        return render(path, str(error) or type(error).__name__)
    column = (own[-1].colno or 0) + 1
    message = f"{type(error).__name__}: {error}"
    return render(f"{path}:{own[-1].lineno}:{column}", message, own[-1].line or "")


def main(args: Sequence[str] | None = None) -> int:
    """Run `xcs-opt`; return 0, or 1 where the input or the pipeline is at fault.

    Args:
        args: The command line, without the program's name; the process's own where None.
    """
    try:
        XcsOptMain(args).run()
        sys.stdout.flush()
    except ArgSpecParseError as error:
        message = _spec_error(error, "target")
    except (InputError, ParseError, DiagnosticException) as error:
        message = str(error)
    except BrokenPipeError:
        # The reader of our output has gone, as in `xcs-opt ... | head`. Python would complain once
        # more when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        message = render(error.filename or "xcs-opt", error.strerror or str(error))
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
