"""What docs/policies.md says of errors is so."""

import builtins
import re
from pathlib import Path

from xcs.runtime.policies import PROGRAMMING_ERRORS

GUIDE = Path(__file__).parent.parent / "docs" / "policies.md"


def test_the_named_errors_are_not_retried() -> None:
    sentence = re.search(r"programming errors are not retried.*?warnings", GUIDE.read_text(), re.S)
    assert sentence is not None
    for name in re.findall(r"`(\w+(?:Error|Iteration))`", sentence[0]):
        assert issubclass(getattr(builtins, name), PROGRAMMING_ERRORS)
