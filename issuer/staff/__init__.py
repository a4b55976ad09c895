"""Staff (经办人员): whose keys sign decisions by hand, who vouched for them, and who is signed in."""
