"""The town's own work: territory, places and their files, plates, claims, blocks."""
