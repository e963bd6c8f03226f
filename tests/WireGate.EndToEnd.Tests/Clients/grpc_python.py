"""gRPC's C core, by its Python: "server" serves what grpc.js asks; else its cases as a client, a line each. Messages are bytes."""

import os
import sys
import threading
from concurrent import futures

import grpc

SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
REAL = os.environ["WG_REAL"]


def serve():
    def unary(request, context):
        fields = dict(context.invocation_metadata())
        assert fields["authorization"] == f"Bearer {REAL}"
        context.set_trailing_metadata(tuple((k, v) for k, v in fields.items() if k in ("x-echo", "x-echo-bin")))
        wants = fields.get("x-wants")
        if wants == "status":
            context.abort(grpc.StatusCode.UNKNOWN, "test status message")
        elif wants == "special":
            context.abort(grpc.StatusCode.UNKNOWN, SPECIAL)
        elif wants == "secret":
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"not {REAL}")
        elif wants == "nothing":
            over = threading.Event()
            context.add_callback(over.set)
            over.wait()
        return request

    def download(request, context):
        for size in request.decode().split(" "):
            yield b"d" * int(size)

    def chat(requests, context):
        context.add_callback(lambda: None if context.code() else print("cancelled", flush=True))
        yield from requests

    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Upload": grpc.stream_unary_rpc_method_handler(lambda requests, context: str(sum(len(r) for r in requests)).encode()),
        "Download": grpc.unary_stream_rpc_method_handler(download),
        "Chat": grpc.stream_stream_rpc_method_handler(chat),
    }
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("wiregate.Test", handlers),))
    server.add_insecure_port(f"127.0.0.1:{os.environ['WG_PORT']}")
    server.start()
    print("listening", flush=True)
    server.wait_for_termination()


def ask():
    if os.environ["WG_AUTHORITY"]:
        with open(os.environ["WG_AUTHORITY"], "rb") as authority:
            channel = grpc.secure_channel(os.environ["WG_ADDRESS"], grpc.ssl_channel_credentials(authority.read()))
    else:
        channel = grpc.insecure_channel(os.environ["WG_ADDRESS"])
    token = ("authorization", f"Bearer {os.environ['WG_PLACEHOLDER']}")
    unary, missing = channel.unary_unary("/wiregate.Test/Unary"), channel.unary_unary("/wiregate.Test/Missing")
    denied, upload = channel.unary_unary("/admin/Denied"), channel.stream_unary("/wiregate.Test/Upload")
    download, chat = channel.unary_stream("/wiregate.Test/Download"), channel.stream_stream("/wiregate.Test/Chat")

    def call(method, message, *fields, **options):
        return method.with_call(message, metadata=(token, *fields), **options)

    def fails(code, method, message, *fields, **options):
        try:
            call(method, message, *fields, **options)
        except grpc.RpcError as error:
            assert error.code() == code, error
            return error.details()
        raise AssertionError("no error")

    def empty_unary():
        assert call(unary, b"")[0] == b""

    def large_unary():
        assert call(unary, b"x" * 2_000_000)[0] == b"x" * 2_000_000

    def client_streaming():
        assert call(upload, iter([bytes(27182), bytes(8), bytes(1828), bytes(45904)]))[0] == b"74922"

    def server_streaming():
        assert [len(m) for m in download(b"31415 9 2653 58979", metadata=(token,))] == [31415, 9, 2653, 58979]

    def ping_pong():
        sizes, answered = [27182, 8, 1828, 45904], threading.Semaphore(1)

        def messages():
            for size in sizes:
                answered.acquire()
                yield bytes(size)

        got = []
        for message in chat(messages(), metadata=(token,)):
            got.append(len(message))
            answered.release()
        assert got == sizes

    def cancel_after_first_response():
        over = threading.Event()

        def messages():
            yield bytes(31415)
            over.wait()

        stream = chat(messages(), metadata=(token,))
        next(stream)
        stream.cancel()
        over.set()
        assert stream.code() == grpc.StatusCode.CANCELLED

    def timeout_on_sleeping_server():
        fails(grpc.StatusCode.DEADLINE_EXCEEDED, unary, b"x", ("x-wants", "nothing"), timeout=0.5)

    def custom_metadata():
        _, done = call(unary, b"x", ("x-echo", "a value"), ("x-echo-bin", b"\xab\xab\xab"))
        trailing = dict(done.trailing_metadata())
        assert (trailing["x-echo"], trailing["x-echo-bin"]) == ("a value", b"\xab\xab\xab")

    def status_code_and_message():
        assert fails(grpc.StatusCode.UNKNOWN, unary, b"x", ("x-wants", "status")) == "test status message"

    def special_status_message():
        assert fails(grpc.StatusCode.UNKNOWN, unary, b"x", ("x-wants", "special")) == SPECIAL

    def unimplemented_method():
        fails(grpc.StatusCode.UNIMPLEMENTED, missing, b"x")

    def echoed_secret():
        assert fails(grpc.StatusCode.INVALID_ARGUMENT, unary, b"x", ("x-wants", "secret")) == "not " + "*" * len(REAL)

    def denied_by_a_rule():
        assert fails(grpc.StatusCode.PERMISSION_DENIED, denied, b"x").startswith('denied by rule "no-admin": not for agents')

    for case in (empty_unary, large_unary, client_streaming, server_streaming, ping_pong, cancel_after_first_response, timeout_on_sleeping_server,
                 custom_metadata, status_code_and_message, special_status_message, unimplemented_method, echoed_secret, denied_by_a_rule):
        case()
        print(case.__name__, flush=True)


if sys.argv[1:] == ["server"]:
    serve()
else:
    ask()
