"""How fast the product is, beside a yardstick and a peer of the same run; run by `make bench`."""
