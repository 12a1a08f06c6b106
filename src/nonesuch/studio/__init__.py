"""Ring 7: the web studio, a local server over the library calls."""
