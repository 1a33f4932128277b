"""Errors that tell the user what is wrong and what to do.

Every error Gapscope raises on purpose is a :class:`GapscopeError`: one sentence for *what is
wrong*, one for *what to do*. The command line prints both on one line and exits with the error's
status; the pages show them in a box. Anything else that escapes is a bug in Gapscope and is shown
as one.
"""

from __future__ import annotations


class GapscopeError(Exception):
    """Something the user can act on.

    ``what`` says what is wrong ("the folder /data/real has no images"), ``remedy`` what to do about
    it. Both are plain text without a line break, so that an error is always one line.
    ``exit_status`` of the command line: 2 for bad input, 3 for everything that asking in another
    way does not mend.
    """

    exit_status = 3

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = " ".join(what.split())
        self.remedy = " ".join(remedy.split())
        super().__init__(self.what, self.remedy)

    def __str__(self) -> str:
        if not self.remedy:
            return self.what
        ending = "" if self.what.endswith((".", "!", "?")) else "."
        return f"{self.what}{ending} {self.remedy}"


class InputError(GapscopeError):
    """The user's folders, names, labels or parameters cannot be used as they are."""

    exit_status = 2


class OutsideRoots(InputError):
    """A path that lies outside the folders which GAPSCOPE_ROOTS allows."""


class EncoderNotReady(GapscopeError):
    """An encoder whose weights are not on this machine; the remedy says where to put them."""

    exit_status = 2


class WorkspaceUnusable(GapscopeError):
    """A workspace's file or folder cannot be used: no database, damaged, another program's, not
    writable.
    """


class WorkspaceLocked(GapscopeError):
    """Another process holds the workspace's database file."""


class SchemaTooNew(GapscopeError):
    """The database was written by a newer Gapscope."""


class StorageFull(GapscopeError):
    """The disk filled up; what was finished before is kept."""


class JobFailed(GapscopeError):
    """A job ended with an error; ``what`` is the error in the job's own words, ``cause`` the name
    of its class.
    """

    def __init__(self, what: str, remedy: str = "", cause: str = "") -> None:
        super().__init__(what, remedy)
        bad_input = (InputError.__name__, OutsideRoots.__name__, EncoderNotReady.__name__)
        self.exit_status = 2 if cause in bad_input else 3


class JobCancelled(GapscopeError):
    """The user cancelled the job; finished shards are kept."""


class ContractError(GapscopeError):
    """A task wrote a table that is not what its contract says: a fault of Gapscope's, not of the
    user's. The sentence names the row contract and the column.
    """
