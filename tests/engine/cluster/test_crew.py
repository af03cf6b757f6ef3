from collections.abc import Iterator

from engine.cluster.crew import LocalCrew


def test_this_process_works_in_order_and_no_further_ahead_than_asked() -> None:
    read = []

    def jobs() -> Iterator[int]:
        for job in (3, 1, 2):
            read.append(job)
            yield job

    results = LocalCrew().map(lambda shared, job: shared * job, 10, jobs())
    assert next(results) == 30
    assert read == [3]
    assert list(results) == [10, 20]
