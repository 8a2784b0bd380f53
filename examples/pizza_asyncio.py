"""The pizza server in asyncio: `python3 examples/pizza_asyncio.py 12345`, and `nc 127.0.0.1 12345`.

With `--uvloop`, the same on uvloop's event loop (`pip install uvloop`).
"""
import asyncio
import socket
import sys

BUFFER_SIZE = 1024


async def serve(loop, conn):
    with conn:
        while data := await loop.sock_recv(conn, BUFFER_SIZE):
            try:
                order = int(data.decode())
                response = f"Thank you for ordering {order} pizzas!\n"
            except ValueError:
                response = "Wrong number of pizzas, please try again.\n"
            await loop.sock_sendall(conn, response.encode())


async def start(port):
    loop, tasks = asyncio.get_running_loop(), set()
    with socket.create_server(("127.0.0.1", port), backlog=1024) as server:
        server.setblocking(False)
        print("Starting up on: 127.0.0.1:%d" % server.getsockname()[1], flush=True)
        while True:
            conn, _ = await loop.sock_accept(server)
            task = asyncio.create_task(serve(loop, conn))
            tasks.add(task)  # asyncio itself keeps only a weak reference
            task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    run = asyncio.run
    if "--uvloop" in sys.argv:
        from uvloop import run
    run(start(int(sys.argv[1])))
