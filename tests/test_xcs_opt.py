"""xcs-opt reports bad input, bad pipelines and crashes with a place, never with a traceback."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

import xcs
from xcs.tools.xcs_opt import XcsOptMain, main

IDENTITY = "func.func @f(%a : i32) -> i32 {\n  func.return %a : i32\n}\n"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], str]:
    """Writes the input file, in a fresh working directory, so that messages show a short name."""
    monkeypatch.chdir(tmp_path)

    def write(content: str | bytes, name: str = "input.mlir") -> str:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        return name

    return write


# --- Bad input (R33) ------------------------------------------------------------------------------

BAD_INPUTS = {
    "missing colon": (
        "func.func @f(%a : i32) -> i32 {\n  func.return %a i32\n}\n",
        "input.mlir:2:18: error: Expected ':'\n  func.return %a i32\n                 ^^^\n",
    ),
    "unknown operation": (
        "func.func @f() {\n  orch.nonsense\n}\n",
        "input.mlir:2:3: error: Operation orch.nonsense is not registered\n"
        "  orch.nonsense\n  ^^^^^^^^^^^^^\n",
    ),
    "unknown word in an attribute": (
        '\norch.operator @a {path = "m:a", kind = #orch.kind<oracle>,'
        " effects = #orch.effects<pure>}\n",
        "input.mlir:2:51: error: 'oracle' is not one of model, tool, tensor, function\n",
    ),
    "undefined value": (
        "func.func @f() -> i32 {\n  func.return %a : i32\n}\n",
        "input.mlir:2:15: error: values used but not defined: [%a]\n",
    ),
    "invalid attribute": (
        "func.func @f() {\n  %0 = arith.constant 300 : i8\n  func.return\n}\n",
        "input.mlir:2:",
    ),
    "types that do not agree": (
        "func.func @f(%a : i32) -> i64 {\n  func.return %a : i32\n}\n",
        "input.mlir:2:3: error: Operation does not verify: Expected arguments to have the same",
    ),
    "two functions of one name": (
        "func.func @f() {\n  func.return\n}\nfunc.func @f() {\n  func.return\n}\n",
        'input.mlir:4:1: error: Operation does not verify: Redefinition of symbol "f"',
    ),
    "undeclared operator": (
        "func.func @f(%a : !orch.object) {\n"
        "  %0 = orch.call @ask(%a) : (!orch.object) -> !orch.object\n  func.return\n}\n",
        "input.mlir:2:3: error: Operation does not verify: @ask is not a declared orch.operator\n",
    ),
    "use before definition": (
        "func.func @f() {\n  %1 = arith.addi %0, %0 : i32\n"
        "  %0 = arith.constant 1 : i32\n  func.return\n}\n",
        "input.mlir:2:3: error: Operation does not verify: operand #0 does not dominate this use\n",
    ),
    "missing terminator": (
        "func.func @f() {\n  %0 = arith.constant 1 : i32\n}\n",
        "input.mlir:2:3: error: Operation does not verify: Operation arith.constant terminates",
    ),
    "parameters that a type does not have": (
        "func.func @f(%a : !orch.list) {\n  func.return\n}\n",
        "input.mlir:1:29: error: these are not the parameters of orch.list\n",
    ),
    "a string without an end": (
        'func.func @f"' + "a" * 200 + "\n",
        "input.mlir:1:13: error: End of file reached before closing string literal.\n",
    ),
    "a number that is too large": (
        "func.func @f() {\n  %0 = stablehlo.constant dense<300> : tensor<2xi8>\n}\n",
        "input.mlir:2:32: error: 300 is not a value of type i8\n",
    ),
    "an empty file": ("", "input.mlir:1:1: error: there is nothing in the file"),
    "text that ends early": ("func.func @f() {\n", "input.mlir:2:1: error: "),
    "a byte that is not UTF-8": (
        b"func.func @f() {\n  // caf\xe9\n  func.return\n}\n",
        "input.mlir:2:9: error: not UTF-8 text: byte 0xe9\n",
    ),
    "a binary file": (b"\x7fELF\x02\x01\x01\x00\x00\xff", "input.mlir:1:10: error: not UTF-8 text"),
    "NUL bytes": (b"\x00" * 64, "input.mlir:1:1: error: "),
    "regions nested without end": (
        '"test.op"() ({' * 3000,
        "error: regions or attributes are nested too deeply\n",
    ),
    "types nested without end": (
        "func.func @f(%a : " + "tuple<" * 5000,
        "error: regions or attributes are nested too deeply\n",
    ),
}


@pytest.mark.parametrize(("content", "expected"), BAD_INPUTS.values(), ids=BAD_INPUTS.keys())
def test_bad_input_is_reported_with_its_place(
    content: str | bytes,
    expected: str,
    write: Callable[[str | bytes], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([write(content)]) == 1

    out, err = capsys.readouterr()
    assert expected in err
    assert err.startswith("input.mlir:")
    assert "Traceback" not in err
    assert out == ""


def test_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no/such/file.mlir"]) == 1
    assert capsys.readouterr().err == "no/such/file.mlir: error: No such file or directory\n"


def test_directory_as_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path}: error: Is a directory\n"


def test_name_that_no_file_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["a\0b.mlir"]) == 1
    assert capsys.readouterr().err == "xcs-opt: error: 'a\\x00b.mlir': embedded null byte\n"


def test_output_that_cannot_be_written(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(IDENTITY), "-o", "no/such/directory.mlir"]) == 1
    expected = "no/such/directory.mlir: error: No such file or directory\n"
    assert capsys.readouterr().err == expected


def test_lines_count_through_split_input(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "func.func @g(%a : i32) -> i64 {\n  func.return %a : i32\n}\n"

    assert main([write(f"{IDENTITY}// -----\n{bad}"), "--split-input-file"]) == 1

    assert capsys.readouterr().err.startswith("input.mlir:6:3: error: Operation does not verify")


def test_caret_counts_characters_and_long_lines_are_cut(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write('"' + "ü" * 500 + '" nonsense' + "x" * 500)]) == 1

    _, line, caret = capsys.readouterr().err.splitlines()
    assert len(line) <= 120
    assert len(caret) <= 120


# --- Bad pipelines (R33) --------------------------------------------------------------------------

BAD_PIPELINES = {
    "canonicalise": (
        "pass-pipeline:1:1: error: unknown pass 'canonicalise'; did you mean 'canonicalize'?\n"
        "canonicalise\n^^^^^^^^^^^^\n"
    ),
    "cse,zzz": "pass-pipeline:1:5: error: unknown pass 'zzz'; --help lists the passes\n",
    "dce,cse{depth=1}": "pass-pipeline:1:5: error: pass 'cse': Provided arguments [\"depth\"]",
    "cse{": "pass-pipeline:1:5: error: Expected argument name here\ncse{\n    ^\n",
    "cse dce": "pass-pipeline:1:4: error: Expected a comma or pass arguments here\n",
}


@pytest.mark.parametrize(("pipeline", "expected"), BAD_PIPELINES.items())
def test_bad_pipeline_is_reported_with_its_place(
    pipeline: str,
    expected: str,
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([write(IDENTITY), "-p", pipeline]) == 1
    assert capsys.readouterr().err.startswith(expected)


def test_bad_target(write: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([write(IDENTITY), "-t", "dot{"]) == 1
    assert capsys.readouterr().err.startswith("target:1:5: error: Expected argument name here\n")


# --- Passes that fail (R33) -----------------------------------------------------------------------


@dataclass(frozen=True)
class CrashPass(ModulePass):
    """Has a bug."""

    name = "crash"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise KeyError("missing")


@dataclass(frozen=True)
class BreakPass(ModulePass):
    """Leaves a function without its terminator."""

    name = "break"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for inner in op.walk():
            if isinstance(inner, FuncOp) and (last := inner.body.block.last_op) is not None:
                last.detach()


@dataclass(frozen=True)
class RefusePass(ModulePass):
    """Says that it does not apply."""

    name = "refuse"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        raise PassFailedException("there is no kernel to split")


@pytest.fixture
def with_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers the passes above."""
    register_all_passes = XcsOptMain.register_all_passes

    def register(self: XcsOptMain) -> None:
        register_all_passes(self)
        for pass_class in (CrashPass, BreakPass, RefusePass):
            self.register_pass(pass_class.name, lambda pass_class=pass_class: pass_class)

    monkeypatch.setattr(XcsOptMain, "register_all_passes", register)


@pytest.mark.usefixtures("with_passes")
def test_crash_in_a_pass_leaves_a_reproducer(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [write(IDENTITY), "-p", "cse,crash", "--reproducer", "crash.mlir"]

    assert main(arguments) == 1

    err = capsys.readouterr().err
    assert err == (
        "input.mlir: error: pass 'crash' crashed: KeyError: 'missing'\n"
        "note: to see it again: xcs-opt crash.mlir -p cse,crash -t mlir\n"
    )
    reproducer = Path("crash.mlir").read_text()
    assert "// configuration: -p cse,crash -t mlir\n" in reproducer
    assert "KeyError" in reproducer
    assert reproducer.endswith(IDENTITY)
    assert main(["crash.mlir", "-p", "cse,crash"]) == 1
    assert main(["crash.mlir", "-p", "cse"]) == 0


@pytest.mark.usefixtures("with_passes")
def test_pass_that_leaves_invalid_ir_is_named(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(IDENTITY), "-p", "break", "--reproducer", "broken.mlir"]) == 1

    err = capsys.readouterr().err
    assert err.startswith("input.mlir:1:1: error: Operation does not verify: ")
    assert "note: after pass 'break'; to see it again: xcs-opt broken.mlir" in err


@pytest.mark.usefixtures("with_passes")
def test_pass_that_refuses_a_module_is_not_a_crash(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(IDENTITY), "-p", "refuse"]) == 1
    assert capsys.readouterr().err == (
        "input.mlir: error: pass 'refuse': there is no kernel to split\n"
    )


# --- What is printed ------------------------------------------------------------------------------


def test_reports_go_to_stderr_so_that_the_output_is_a_module(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--time-passes", "--print-between-passes"]

    assert main([write(IDENTITY), "-p", "cse,dce", *flags]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("builtin.module {\n  func.func @f(")
    assert "Pass cse took" in err
    assert "Pass dce took" in err
    assert "IR after cse:" in err


def test_operations_get_their_place_in_the_file_unless_they_have_one(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    content = (
        "func.func @f() {\n  %0 = arith.constant 1 : i32\n"
        '  %1 = arith.constant 2 : i32 loc("app.py":3:4)\n  func.return\n}\n'
    )

    assert main([write(content), "--print-debuginfo"]) == 0

    out = capsys.readouterr().out
    assert '%0 = arith.constant 1 : i32 loc("input.mlir":2:3)' in out
    assert '%1 = arith.constant 2 : i32 loc("app.py":3:4)' in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out.startswith(f"xcs-opt {xcs.__version__} (xDSL 0.74.")


def test_reader_that_closes_the_pipe_is_no_error(write: Callable[[str], str]) -> None:
    path = write(IDENTITY * 2000)
    command = f"{sys.executable} -m xcs.tools.xcs_opt --disable-verify {path} | head -1"

    done = subprocess.run(command, shell=True, capture_output=True, text=True)

    assert done.stdout == "builtin.module {\n"
    assert done.stderr == ""


# --- Python input (R34) ---------------------------------------------------------------------------


APP = """\
def greet(name):
    return f"hello {name}"
"""


def test_function_is_captured_and_printed(
    write: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(APP, "app.py")

    assert main([f"{path}:greet", "--arg", '"Ada"', "--print-debuginfo"]) == 0

    out = capsys.readouterr().out
    assert "orch.host" in out
    assert 'app.py":2:' in out
    assert main([write(out)]) == 0, "what is printed parses again"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("def greet(name):\n    return )\n", "app.py:2:12: error: unmatched ')'"),
        ("import math\nmath.nonsense\n", "app.py:2:1: error: AttributeError: module 'math'"),
        ("def other(): ...\n", "app.py: error: "),
    ],
    ids=["syntax error", "error while importing", "no such function"],
)
def test_error_in_a_python_file_is_reported_with_its_place(
    content: str,
    expected: str,
    write: Callable[..., str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(content, "app.py")

    assert main([f"{path}:greet", "--arg", '"Ada"']) == 1

    err = capsys.readouterr().err
    assert expected in err
    assert "Traceback" not in err


def test_python_file_needs_a_function(
    write: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write("def main(): ...\n", "app.py")]) == 1
    assert capsys.readouterr().err == (
        "app.py: error: name the function to capture, as in app.py:main\n"
    )


def test_missing_python_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such_app.py:main"]) == 1
    assert capsys.readouterr().err == "no_such_app.py: error: No such file or directory\n"


def test_argument_that_is_not_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["app.py:main", "--arg", "nonsense"])
    assert exit_.value.code == 2
    assert "argument --arg: 'nonsense' is not JSON" in capsys.readouterr().err


def test_arguments_without_a_function(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(IDENTITY), "--arg", "1"]) == 1
    assert "--arg needs an input app.py:function, not input.mlir" in capsys.readouterr().err


# --- The registry ---------------------------------------------------------------------------------


def test_xdsl_opt_shows_our_dialects_passes_and_targets() -> None:  # R35
    from xdsl.universe import Universe

    multiverse = Universe.get_multiverse()

    from xcs.universe import XCS_UNIVERSE

    assert multiverse.all_dialects.items() >= XCS_UNIVERSE.all_dialects.items()
    assert multiverse.all_passes.items() >= XCS_UNIVERSE.all_passes.items()
    assert multiverse.all_targets.items() >= XCS_UNIVERSE.all_targets.items()
