"""Ring 2: phases, objectives, schedules, and THE loop."""
