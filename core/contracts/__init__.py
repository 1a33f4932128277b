"""What crosses a boundary, once: every job's spec and every stored row.

Frozen dataclasses. Arrow schemas, the DDL of a new database, validation of what a task wrote, the
column tables of ``docs/architecture.md``, the form fields of the pages and the comparison's
fingerprint are derived from them by :mod:`core.contracts.derive` and :mod:`core.contracts.specs`.

``words`` enumerations · ``catalog`` datasets, images, encoders, jobs · ``comparison`` a
comparison's spec and result tables · ``study`` a study's · ``work`` the specs of the other jobs
"""
