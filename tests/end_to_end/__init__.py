"""The whole chain, from actions to a judge."""

import pytest

pytest.register_assert_rewrite(
    *(f"tests.end_to_end.{name}" for name in ("steps", "making", "people", "rating"))
)
