"""Do columns belong together as they used to? Reconstruction error and a classifier of old against new rows."""
