"""The From-Fake-to-Real test as a job."""
