"""The status rules (赋码规则) at their desk: tried on cases and on the people on file, and published."""
