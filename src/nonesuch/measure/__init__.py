"""Ring 2: figures with n, seed and interval."""
