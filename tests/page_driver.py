"""The old address of :mod:`tests.pages.driver`."""

from tests.pages.driver import home, show, told

__all__ = ["home", "show", "told"]
