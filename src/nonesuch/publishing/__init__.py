"""Ring 7: from a run to a page that anyone can host and anyone can open; its net runs in the visitor's own browser."""
