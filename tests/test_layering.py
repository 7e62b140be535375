"""The layers show in the imports, and the toolkit starts without JAX."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from xdsl.passes import ModulePass

ROOT = Path(__file__).parent.parent


def test_nothing_imports_upward() -> None:
    """The contracts are in pyproject.toml, where `make lint` finds them too."""
    script = Path(sys.executable).parent / "lint-imports"
    if not script.exists():
        pytest.skip("import-linter is not installed; `make lint` runs it")
    done = subprocess.run(
        [str(script), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "statement",
    [
        "import xcs",
        "from xcs.dialects import orch, xtensor, stablehlo",
        "import xcs.transforms; [load() for load in xcs.transforms.get_all_passes().values()]",
        "from xdsl.universe import Universe; Universe.get_multiverse()",
        "import xcs.tools.xcs_opt, xcs.tools.xcs_run",
    ],
)
def test_toolkit_does_not_import_jax(statement: str) -> None:
    check = "import sys; sys.exit('jax' in sys.modules and 'jax was imported')"
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{check}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["dialects", "transforms", "tools"])
def test_linked_folder_is_part_of_the_package(name: str) -> None:
    module = importlib.import_module(f"xcs.{name}")
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / name / "__init__.py"


def test_every_dialect_and_pass_is_registered_under_its_own_name() -> None:
    from xcs.dialects import get_all_dialects
    from xcs.transforms import get_all_passes

    assert {name: load().name for name, load in get_all_dialects().items()} == {
        name: name for name in get_all_dialects()
    }
    assert {name: load().name for name, load in get_all_passes().items()} == {
        name: name for name in get_all_passes()
    }


def test_every_pass_is_registered_and_named_after_its_file() -> None:
    from xcs.transforms import get_all_passes

    registered = {load() for load in get_all_passes().values()}
    for file in sorted((ROOT / "transforms").glob("*.py")):
        module = importlib.import_module(f"xcs.transforms.{file.stem}")
        passes = [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, ModulePass)
            and value.__module__ == module.__name__
        ]
        assert set(passes) <= registered, file.name
        assert {p.name for p in passes} <= {file.stem.replace("_", "-")}, file.name


def test_public_names_are_exported() -> None:
    import xcs

    assert [name for name in xcs.__all__ if not hasattr(xcs, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = xcs.nonsense
