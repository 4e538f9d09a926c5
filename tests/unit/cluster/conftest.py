from collections.abc import Iterator

import pytest

from tests.api_server import ApiServer, serving


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """What plays the cluster."""
    with serving() as running:
        yield running
