"""xcs-run: results as JSON, only what is allowed is imported, errors point at the module."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from xcs.tools.xcs_run import main

GREETER = """
calls = []

class Greeter:
    @staticmethod
    def greet(name):
        calls.append(name)
        return f"hello {name}"

def fail(name):
    raise LookupError(f"nobody is called {name}")

import os
"""


def module_of(path: str) -> str:
    return f"""\
orch.operator @greet {{
  path = "{path}", kind = #orch.kind<tool>, effects = #orch.effects<unordered>
}}
func.func @main(%names : !orch.list<!orch.object>) -> !orch.list<!orch.object> {{
  %greetings = orch.map %names : (!orch.list<!orch.object>) -> !orch.list<!orch.object> {{
  ^bb0(%name : !orch.object):
    %greeting = orch.call @greet(%name) : (!orch.object) -> !orch.object
    orch.yield %greeting : !orch.object
  }}
  func.return %greetings : !orch.list<!orch.object>
}}
"""


HOST = """\
func.func @main(%x : !orch.object) -> !orch.object {
  %0 = orch.host "x + 1"(%x) {names = ["x"], effects = #orch.effects<pure>} : (!orch.object) -> !orch.object
  func.return %0 : !orch.object
}
"""  # noqa: E501

KERNEL = """\
func.func @main(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = orch.launch @double(%x) : (tensor<2xf32>) -> tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
func.func private @double(%x : tensor<2xf32>) -> tensor<2xf32> {
  %0 = xtensor.add %x, %x : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a module into a fresh working directory that holds the Python module `greeter`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "greeter", raising=False)
    (tmp_path / "greeter.py").write_text(GREETER)

    def write(content: str) -> str:
        (tmp_path / "main.mlir").write_text(content)
        return "main.mlir"

    return write


def test_result_is_printed_as_json(  # R34
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(module_of("greeter:Greeter.greet"))

    assert main([path, "--entry", "main", "--allow", "greeter", "--args", '[["Ada", "Bo"]]']) == 0

    assert json.loads(capsys.readouterr().out) == ["hello Ada", "hello Bo"]


def test_kernels_run(write: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([write(KERNEL), "--args", "[[1, 2.5]]"]) == 0
    assert json.loads(capsys.readouterr().out) == [2.0, 5.0]


def test_host_code_is_allowed_by_name(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(HOST), "--allow", "builtins", "--args", "[41]"]) == 0
    assert capsys.readouterr().out == "42\n"


@pytest.mark.parametrize(
    ("content", "needed"),
    [
        (module_of("greeter:Greeter.greet"), "main.mlir:1:1: error: operator @greet is in"),
        (HOST, "main.mlir:2:3: error: this runs native Python; to permit it, add --allow builtins"),
    ],
)
def test_what_is_not_allowed_is_not_imported(
    content: str,
    needed: str,
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([write(content), "--args", "[[]]"]) == 1
    assert capsys.readouterr().err.startswith(needed)
    assert "greeter" not in sys.modules


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("greeter:missing", "AttributeError: module 'greeter' has no attribute 'missing'"),
        ("greeter:os.system", "AttributeError: 'os' is not a public name of 'greeter'"),
        ("greeter:fail.__globals__", "AttributeError: '__globals__' is not a public name"),
    ],
)
def test_operator_must_be_a_public_name_of_its_module(
    path: str,
    reason: str,
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([write(module_of(path)), "--allow", "greeter", "--args", "[[1]]"]) == 1
    assert f"xcs-run: error: operator '{path}': {reason}" in capsys.readouterr().err


def test_error_of_an_operator_names_it_and_its_line(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(module_of("greeter:fail"))

    assert main([path, "--allow", "greeter", "--args", '[["Ada"]]']) == 1

    err = capsys.readouterr().err
    assert "main.mlir:7" in err
    assert "LookupError: nobody is called Ada" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--entry", "other"], "main.mlir: error: there is no function @other"),
        (["--args", "[1, 2]"], "main.mlir:1:1: error: @main takes 1 arguments, --args gives 2"),
        (["--args", "[1"], "--args: error: not JSON: "),
        (["--args", "1"], "--args: error: expected a JSON array"),
        (["--args", "[[1, 2, 3]]"], "--args: error: argument 0 has shape (3,), expected (2,)"),
        (["--args", '["text"]'], "--args: error: argument 0 is no tensor<2xf32>: "),
    ],
)
def test_bad_arguments(
    flags: list[str],
    message: str,
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([write(KERNEL), *flags]) == 1
    assert capsys.readouterr().err.startswith(message)


def test_invalid_module(write: Callable[[str], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([write("func.func @main() {\n  orch.nonsense\n}\n")]) == 1
    assert capsys.readouterr().err.startswith("main.mlir:2:3: error: ")


def test_array_code_outside_of_kernels(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(KERNEL)

    assert main([path, "--entry", "double", "--args", "[[1, 2]]"]) == 1

    err = capsys.readouterr().err
    assert err.startswith("main.mlir:6:3: error: array code runs in kernels; split it off first")


def test_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such.mlir"]) == 1
    assert capsys.readouterr().err == "no_such.mlir: error: No such file or directory\n"


# --- What text may reach: docs/xcs-run.md ---------------------------------------------------------

ATTRIBUTE = """\
func.func @main(%x : !orch.object) -> !orch.object {{
  %0 = orch.getattr %x "{name}" : !orch.object -> !orch.object
  func.return %0 : !orch.object
}}
"""

CALLS = {
    "plain": "stablehlo.custom_call @xla_ffi_python_cpu_callback(%a) :",
    "quoted": "stablehlo.custom_call @\\22xla_ffi_python_cpu_callback\\22(%a) :",
    "behind a comment": "stablehlo.custom_call // lapack_x\\0A @xla_ffi_python_cpu_callback(%a) :",
    "generic": "\\22stablehlo.custom_call\\22(%a) {call_target_name = \\22lapack_x\\22} :",
    "escaped": "\\22stablehlo.custom\\5C5Fcall\\22(%a) {call_target_name = \\22evil\\22} :",
}


def kernel_that_calls(call: str) -> str:
    type_ = "tensor<2xf32>"
    body = f"%0 = {call} ({type_}) -> {type_} return %0 : {type_}"
    return kernel_of_text(f"func.func @main(%a: {type_}) -> {type_} {{ {body} }}")


def kernel_of_text(text: str) -> str:
    type_ = "tensor<2xf32>"
    op = f'"xtensor.primitive"(%x) {{name = "call", stablehlo = "{text}"}} : ({type_}) -> {type_}'
    return KERNEL.replace(f"xtensor.add %x, %x : {type_}", op)


@pytest.mark.parametrize("name", ["greet", "imported", "alias", "space.system"])
def test_only_what_an_allowed_module_defines_may_be_called(
    name: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(module_of(f"careless:{name}"))
    Path("careless.py").write_text(
        "import types, os\nfrom subprocess import run as imported\nalias = eval\n"
        "space = types.SimpleNamespace(system=os.system)\n"
        "def greet(name):\n    return 'hello ' + name\n"
    )
    sys.modules.pop("careless", None)

    result = main([path, "--allow", "careless", "--args", '[["true"]]'])

    assert result == (0 if name == "greet" else 1)
    assert (name == "greet") != ("does not define it" in capsys.readouterr().err)


@pytest.mark.parametrize("name", ["__class__", "__globals__", "_secret", "gi_frame", "f_globals"])
def test_attributes_that_lead_out_of_data_need_more(
    name: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(ATTRIBUTE.format(name=name)), "--args", "[1]"]) == 1
    assert "to permit it, add --allow builtins" in capsys.readouterr().err


def test_other_attributes_are_data(write: Callable[[str], str]) -> None:
    assert main([write(ATTRIBUTE.format(name="real")), "--args", "[1]"]) == 0


@pytest.mark.parametrize("form", CALLS)
def test_custom_calls_of_python_are_refused(
    form: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(kernel_that_calls(CALLS[form])), "--args", "[[1, 2]]"]) == 1
    assert "may do anything; to permit it, add --allow builtins" in capsys.readouterr().err


def test_modules_of_the_current_directory_are_not_imported(write: Callable[[str], str]) -> None:
    path = write(KERNEL)
    Path("sitecustomize_evil.py").write_text("raise SystemExit(3)")
    before = list(sys.path)
    assert main([path, "--args", "[[1, 2]]"]) == 0
    assert sys.path == before


METHOD = """\
func.func @main(%x : {of}, %path : !orch.object) -> !orch.object {{
  %0 = orch.method %x "{name}"(%path) : {of}, (!orch.object) -> !orch.object
  func.return %0 : !orch.object
}}
"""


@pytest.mark.parametrize(
    ("of", "name", "args"),
    [
        ("tensor<2xf32>", "tofile", '[[1, 2], "written"]'),
        ("tensor<2xf32>", "dump", '[[1, 2], "written"]'),
        ("!orch.object", "format", '["{0.__class__.__mro__}", 1]'),
        ("!orch.object", "format_map", '["{x.__class__.__mro__}", {"x": 1}]'),
    ],
)
def test_methods_that_reach_out_of_data_need_more(
    of: str, name: str, args: str, write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(METHOD.format(of=of, name=name))
    for allowed in ([], ["--allow", "greeter"]):
        assert main([path, "--args", args, *allowed]) == 1
        assert "to permit it, add --allow builtins" in capsys.readouterr().err
    assert not Path("written").exists()


def test_methods_of_other_objects_need_a_module_that_has_them(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(ATTRIBUTE.format(name="cursor"))
    assert main([path, "--args", "[1]"]) == 1
    assert "to permit it, add --allow MODULE" in capsys.readouterr().err
    assert main([path, "--args", "[1]", "--allow", "greeter"]) == 1
    assert "'int' object has no attribute 'cursor'" in capsys.readouterr().err


# --- Bad input gives no traceback -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "args", "message"),
    [
        (
            kernel_of_text("func.func @main(garbage"),
            "[[1, 2]]",
            "is not a module",
        ),
        (HOST, "[" * 20_000 + "]" * 20_000, "--args: error: not JSON: it is nested too deeply"),
        (HOST.replace("x + 1", "-" * 20_000 + "x"), "[1]", "host source is nested too deeply"),
        (
            METHOD.format(of="!orch.object", name="join").replace(
                "(%path) :", '(%path) {keywords = ["__debug__"]} :'
            ),
            '["a", "b"]',
            "'__debug__' is not the name of a keyword argument",
        ),
    ],
    ids=["a kernel's text", "arguments", "host source", "a keyword"],
)
def test_bad_input_gives_an_error(
    content: str,
    args: str,
    message: str,
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([write(content), "--allow", "builtins", "--args", args]) == 1
    assert message in capsys.readouterr().err


def test_a_module_may_come_from_standard_input(
    write: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(KERNEL)
    with open("main.mlir", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert main(["-", "--args", "[[1, 2.5]]"]) == 0
    assert json.loads(capsys.readouterr().out) == [2.0, 5.0]


def test_results_without_json_are_text(
    write: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([write(KERNEL), "--args", "[[NaN, Infinity]]"]) == 0
    assert json.loads(capsys.readouterr().out) == ["NaN", "Infinity"]
