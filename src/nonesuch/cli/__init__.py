"""Ring 10: the command line. It only translates: every verb is a library call that is usable alone."""
