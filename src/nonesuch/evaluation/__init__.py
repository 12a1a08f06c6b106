"""Ring 5: measuring what was trained, one examiner a family, and opening a run to look at what it learnt."""
