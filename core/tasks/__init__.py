"""The bodies of jobs. Each module has one function ``run(job: JobFolder) -> None``."""
