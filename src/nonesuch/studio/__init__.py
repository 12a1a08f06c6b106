"""Ring 9: the web studio, a local server over the library calls."""
