"""Runs CQL statements over the bare protocol (version 4): cql_query.py PORT STATEMENT…

Prints every cell of the last statement's rows, one a line. A driver would be one more dependency for three statements.
"""

import socket
import struct
import sys

STARTUP, QUERY, RESULT, ERROR = 0x01, 0x07, 0x08, 0x00
ROWS = 2
GLOBAL_TABLE_SPEC = 1


def exchange(connection, opcode, body):
    connection.sendall(struct.pack(">BBhBi", 4, 0, 0, opcode, len(body)) + body)
    header = read_exactly(connection, 9)
    answer_opcode, length = struct.unpack(">Bi", header[4:])
    answer = read_exactly(connection, length)
    if answer_opcode == ERROR:
        raise SystemExit(f"CQL error: {answer[6:].decode()}")
    return answer_opcode, answer


def read_exactly(connection, length):
    received = b""
    while len(received) < length:
        part = connection.recv(length - len(received))
        if not part:
            raise SystemExit("the server closed the connection")
        received += part
    return received


def skip_string(data, at):
    return at + 2 + struct.unpack_from(">h", data, at)[0]


def cells(data):
    """The cells of a Rows result whose columns have simple types."""
    flags, column_count = struct.unpack_from(">ii", data, 4)
    if not flags & GLOBAL_TABLE_SPEC:
        raise SystemExit("columns of several tables")
    at = skip_string(data, skip_string(data, 12))
    for _ in range(column_count):
        at = skip_string(data, at) + 2
    (row_count,) = struct.unpack_from(">i", data, at)
    at += 4
    for _ in range(row_count * column_count):
        (length,) = struct.unpack_from(">i", data, at)
        yield data[at + 4 : at + 4 + length]
        at += 4 + max(length, 0)


def main():
    port, statements = int(sys.argv[1]), sys.argv[2:]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        exchange(connection, STARTUP, struct.pack(">h", 1) + b"\0\x0bCQL_VERSION\0\x053.0.0")
        for statement in statements:
            text = statement.encode()
            consistency_one_no_flags = struct.pack(">hB", 1, 0)
            opcode, answer = exchange(connection, QUERY, struct.pack(">i", len(text)) + text + consistency_one_no_flags)
    if opcode == RESULT and struct.unpack_from(">i", answer)[0] == ROWS:
        for cell in cells(answer):
            print(cell.decode())


main()
