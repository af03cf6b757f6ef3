"""A local language model (GGUF, llama.cpp) in a child process, asked for JSON of a given schema and nothing else.

The library is the extra ``labelling``; nothing here imports it outside of the child, which may crash without harm.
"""
