"""What is not offered is refused, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..errors import RecipeError
from ..negotiation.settings import step_settings
from .carrying import fail_with
from .matrix import first_cases, label_of
from .refused import gaps_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..plugins.values import BackendInfo
    from ..recipe.steps import Step


class RefusalTests:
    """Tests of everything that the vocabulary has and the backend does not."""

    def test_what_is_not_offered_is_refused(
        self, refused: Sequence[Step], info: BackendInfo
    ) -> None:
        """Every other word of the vocabulary, and every other order, is a gap with a reason."""
        found = gaps_of(refused, info)
        if not found or not all(gap.reason.strip() for gap in found):
            fail_with(f"no gap with a reason for {label_of(refused)}")

    def test_an_unknown_setting_is_refused(self, operation: str, info: BackendInfo) -> None:
        """`with: {<backend>: …}` takes nothing that the backend's schema does not name."""
        step = next(case.steps[0] for case in first_cases(info) if case.offer.op == operation)
        odd = step.model_copy(update={"with_": {"backend": {"no_such_setting": 1}}})
        with pytest.raises(RecipeError, match=r"no_such_setting|no settings of its own"):
            step_settings(odd, "backend", info.settings_schema)
