"""Ring 2: looking inside a net."""
