"""The root of trust (信任根): how a registry is founded, and how its officers and online keys are replaced."""
