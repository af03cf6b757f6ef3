"""The engine in a child process: its crashes, memory and time are limited, and a task can be cancelled.

Hostile or broken files are opened here, and models run here. The caller's process needs none of the heavy modules.

>>> from engine.worker.decode import decode_in_worker            # the usual way to open a file
>>> radiograph = decode_in_worker(Path("image.dcm"))             # doctest: +SKIP

>>> from engine.worker.worker import Worker                       # any function of the engine
>>> with Worker(preload=("engine.dicom.files",)) as worker:       # doctest: +SKIP
...     job = worker.submit("engine.dicom.files:read_radiograph", Path("image.dcm"))
...     job.add_done_callback(lambda job: ...)                    # called in the worker's thread
...     radiograph = job.result()                                 # or raises the function's SaeRadError

`Worker` and `Job` are thread-safe. From Qt: submit on any thread; in the callbacks do nothing but emit a signal, which
Qt carries to the right thread. A script that starts workers needs the usual ``if __name__ == "__main__":`` guard.
"""
