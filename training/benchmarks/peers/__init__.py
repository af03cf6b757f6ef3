"""Other libraries for sparse autoencoders, each called through its public interface in a process of its own."""
