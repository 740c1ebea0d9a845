"""The networks of the zoo: how they are trained, exported and recorded, and its images."""
