"""Pages that people look at, QR codes and pictures: presentation only, no rules."""
