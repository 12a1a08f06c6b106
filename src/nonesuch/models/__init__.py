"""Ring 1: the nets and their catalogue."""
