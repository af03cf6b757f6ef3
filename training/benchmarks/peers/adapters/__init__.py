"""One file a library; they run in the libraries' environment and import nothing of this program."""
