"""Numbered documents about hazards (文书): a warden's notice, a department's order and finding."""
