"""The old address of :mod:`tests.pages.example_workspace`."""

from tests.pages.example_workspace import ENCODER, Example, add_again, build

__all__ = ["ENCODER", "Example", "add_again", "build"]
