"""Ring 1: from files to packed pictures and batches."""
