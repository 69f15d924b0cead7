"""From the files alone: what dead processes left is put right, and the catalog is made again."""
