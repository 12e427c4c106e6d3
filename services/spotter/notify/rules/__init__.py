"""Pure rules of notifications: who is told, when a message is held back, when it is tried again. No I/O, no clock."""
