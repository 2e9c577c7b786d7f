"""Parts of files wait for their turn in the order in which they came, and not for ever."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import TooManyExtracts
from gateway.surfaces.part_lines import AT_ONCE, RETRY_SECONDS, WAITING_MAX, PartLines

ME, OTHER = b"1" * 32, b"2" * 32


def test_so_many_run_at_once_and_the_others_follow_in_their_order():
    async def run() -> None:
        lines, running, begun = PartLines(), 0, []

        async def part(number: int) -> None:
            nonlocal running
            async with lines.turn(ME, wait_seconds=5):
                begun.append(number)
                running += 1
                assert running <= AT_ONCE
                await asyncio.sleep(0)
                running -= 1

        async with asyncio.TaskGroup() as tasks:
            for number in range(AT_ONCE + WAITING_MAX):
                tasks.create_task(part(number))
        assert begun == list(range(AT_ONCE + WAITING_MAX))
        assert not lines._lines

    asyncio.run(run())


def test_a_line_that_is_too_long_refuses_and_holds_up_nobody_else():
    async def run() -> None:
        lines, end = PartLines(), asyncio.Event()

        async def part() -> None:
            async with lines.turn(ME, wait_seconds=5):
                await end.wait()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE + WAITING_MAX):
                tasks.create_task(part())
            await asyncio.sleep(0)
            with pytest.raises(TooManyExtracts) as refused:
                async with lines.turn(ME, wait_seconds=5):
                    pass
            assert refused.value.retry_after_seconds == RETRY_SECONDS
            async with lines.turn(OTHER, wait_seconds=0):
                end.set()

    asyncio.run(run())


@pytest.mark.parametrize("wait_seconds", [0, 0.05])
def test_a_line_that_does_not_move_refuses_after_a_while(wait_seconds):
    async def run() -> None:
        lines, end = PartLines(), asyncio.Event()

        async def part() -> None:
            async with lines.turn(ME, wait_seconds=wait_seconds):
                await end.wait()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(part())
            await asyncio.sleep(0)
            with pytest.raises(TooManyExtracts):
                async with lines.turn(ME, wait_seconds=wait_seconds):
                    pass
            end.set()
        async with lines.turn(ME, wait_seconds=0):
            pass
        assert not lines._lines

    asyncio.run(run())
