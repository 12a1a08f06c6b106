"""Ring 4: run folders on disk."""
