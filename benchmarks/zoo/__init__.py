"""The networks of the zoo: how they are trained, exported, recorded and how the images are packed."""
