"""What keeps a deployment alive: backups, restoring them, and an examination of everything."""
