"""The op reference says what the dialects define."""

import pytest

from xcs.tools.op_reference import DOCS, pages


@pytest.mark.parametrize("name", pages())
def test_the_page_is_up_to_date(name: str) -> None:  # R32
    """If this fails, run `python -m xcs.tools.op_reference`."""
    assert (DOCS / name).read_text() == pages()[name]()
