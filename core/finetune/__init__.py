"""The From-Fake-to-Real test (arXiv 2308.04553): mixtures, objectives, training, evaluation."""
