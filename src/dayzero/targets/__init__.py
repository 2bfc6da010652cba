"""What inits provision: one package for each kind of server, with its client and its access matrix."""
