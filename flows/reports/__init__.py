"""What people see: in a terminal, in markdown, and as charts."""
