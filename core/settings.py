"""Configuration: environment variables that begin with GAPSCOPE_, read in one place.

=====================  ======================================================================
GAPSCOPE_HOME          where the default workspace, its jobs and the sample project live
GAPSCOPE_ROOTS         folders a user may look into, separated by ``:`` (``;`` on Windows)
GAPSCOPE_WEIGHTS       a folder with weight files put there by hand
GAPSCOPE_DEVICE        ``auto`` (default), ``cuda``, ``cuda:1``, ``mps`` or ``cpu``
GAPSCOPE_WORKERS       decoding threads (0 = one for each core)
GAPSCOPE_PARALLEL      jobs that may run at once
=====================  ======================================================================
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """What the environment says. Immutable; tests make their own with ``Settings(home=...)``."""

    model_config = SettingsConfigDict(env_prefix="GAPSCOPE_", frozen=True, extra="ignore")

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("gapscope", appauthor=False)),
        description="Where the default workspace, its jobs and the sample project live.",
    )
    roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        default_factory=lambda: (Path.home(), Path.cwd()),
        description="Folders a user may look into. GAPSCOPE_HOME always belongs to them.",
    )
    weights: Path | None = Field(
        default=None, description="A folder with weight files put there by hand."
    )
    device: str = Field(default="auto", description="auto, cuda, cuda:N, mps or cpu.")
    workers: int = Field(
        default=0, ge=0, description="Decoding threads; 0 means one for each core."
    )
    parallel: int = Field(default=1, ge=1, description="Jobs that may run at once.")

    @field_validator("roots", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(
                Path(part).expanduser() for part in value.split(os.pathsep) if part.strip()
            )
        return value

    @field_validator("home", "weights", mode="after")
    @classmethod
    def _expand(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value is not None else None

    @property
    def default_workspace(self) -> Path:
        """The database file that is used when the user names none."""
        return self.home / "gapscope.duckdb"

    @property
    def allowed_roots(self) -> tuple[Path, ...]:
        """Every folder a user may look into, resolved, each once."""
        resolved = [root.resolve() for root in (*self.roots, self.home)]
        return tuple(dict.fromkeys(resolved))

    @property
    def decode_threads(self) -> int:
        """Number of decoding threads to use."""
        return self.workers or max(1, os.cpu_count() or 1)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The process's settings, read once from the environment."""
    return Settings()
