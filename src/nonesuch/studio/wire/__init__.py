"""What goes over the wire: the studio's request and answer types, a file a room."""
