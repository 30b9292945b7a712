"""Whatever is thrown at the doors of the program, only its own errors come out."""
