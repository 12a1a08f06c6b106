"""Long work that runs in child processes of its own, a file a kind."""
