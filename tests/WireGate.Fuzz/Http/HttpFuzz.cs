using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>What a client or an upstream may send, and that what goes on of it is read by the next as it was read here.</summary>
internal sealed class HttpFuzz
{
    private const string Token = "wgp_0123456789_0123456789abcdefghijABCDEFGHIJ01000000";

    private static readonly byte[][] Requests =
    [
        Bytes($"POST /v1/%7Ex?a=b&c HTTP/1.1\r\nHost: api.example:8443\r\nAuthorization: Bearer {Token}\r\nContent-Length: 5\r\nConnection: close, X-Mine\r\nX-Mine:  a\r\n\r\nhello"),
        Bytes("GET http://[::1]:80/ HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
        Bytes("\r\nOPTIONS * HTTP/1.0\r\nCookie: a=b; c\xe4\r\n\r\n"),
        Bytes("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic YTpi\r\n\r\n"),
    ];

    private static readonly byte[][] Responses =
    [
        Bytes("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\nhello, world"),
        Bytes("HTTP/1.0 404 \r\nTransfer-Encoding: x\r\n\r\n"),
        Bytes("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
        Bytes("HTTP/1.1 100\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
    ];

    [Test]
    public void Requests_and_what_goes_on_of_them()
    {
        using Secret secret = Secret.CopyOf("the-real-one"u8);
        using Credential credential = Credential.Of(new HttpLoginConfig { Secret = "s", Surface = HttpSurface.Header, Name = "Authorization", Before = "Bearer " }, secret)!;
        Vary(51, Requests, bytes =>
        {
            using var head = new RequestHead();
            if (!head.TryRead(new ReadOnlySequence<byte>(bytes), out _))
            {
                return;
            }

            byte[] token = new byte[PlaceholderToken.Length];
            PlaceholderSlot slot = PlaceholderSlot.Find(head, token, out _);
            RequestTarget target = head.ReadTarget();
            _ = new HttpPath(target.Path);
            HttpQuery.Parse(target.Query);
            if (target.Form is TargetForm.Authority or TargetForm.Asterisk || target.Path.IsEmpty)
            {
                return;
            }

            byte[] written = Written(output => HeadWriter.WriteRequest(output, head, head.ReadTarget().Path, "upstream.example"u8, slot, credential));
            using var again = new RequestHead();
            Assert.That(again.TryRead(new ReadOnlySequence<byte>(written), out SequencePosition end), Is.True, Encoding.Latin1.GetString(written));
            Assert.That(end.GetInteger(), Is.EqualTo(written.Length), "one request went on as one");
            Assert.That(again.Body, Is.EqualTo(head.Body), "its body ends where it ended");
        });
    }

    [Test]
    public void Responses_and_what_goes_on_of_them() => Vary(52, Responses, bytes =>
    {
        using var head = new ResponseHead();
        if (!head.TryRead(new ReadOnlySequence<byte>(bytes), out _))
        {
            return;
        }

        byte[] written = Written(output => HeadWriter.WriteResponse(output, head, isLast: false, inChunks: true));
        using var again = new ResponseHead();
        Assert.That(again.TryRead(new ReadOnlySequence<byte>(written), out SequencePosition end), Is.True, Encoding.Latin1.GetString(written));
        Assert.That(end.GetInteger(), Is.EqualTo(written.Length), "one response went on as one");
        Assert.That(again.Body.Kind, Is.EqualTo(head.Body.Kind == BodyKind.UntilClose ? BodyKind.Chunked : head.Body.Kind));
        Assert.That(again.Body.Count, Is.EqualTo(head.Body.Count));
    });

    [Test]
    public void Chunks_are_the_same_however_they_come() => Vary(
        53, [Bytes("5;a=\"b\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\n"), Bytes("0\r\n\r\n"), Bytes("1\r\nx\r\n")],
        bytes =>
        {
            Assert.That(Read(bytes, 1), Is.EqualTo(Read(bytes, bytes.Length)));
        });

    private static (string Carried, string Trailers, bool IsDone) Read(byte[] bytes, int step)
    {
        using var trailers = new ChunkTrailers();
        var body = new ChunkedBody(Peer.Client, trailers);
        var carried = new StringBuilder();
        for (int at = 0; at < bytes.Length && !body.IsDone;)
        {
            at += body.Read(bytes.AsSpan(at, Math.Min(step, bytes.Length - at)), out ReadOnlySpan<byte> data);
            carried.Append(Encoding.Latin1.GetString(data));
        }

        var behind = new StringBuilder();
        foreach (FieldLine field in trailers.Trailers is { } section ? section.Fields : default)
        {
            behind.Append(Encoding.Latin1.GetString(trailers.Trailers!.Name(field))).Append('=').Append(Encoding.Latin1.GetString(trailers.Trailers.Value(field))).Append('\n');
        }

        return (carried.ToString(), behind.ToString(), body.IsDone);
    }

    private static byte[] Written(Action<PipeWriter> write)
    {
        using var stream = new MemoryStream();
        var output = PipeWriter.Create(stream);
        write(output);
        output.FlushAsync().AsTask().GetAwaiter().GetResult();
        return stream.ToArray();
    }

    private static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);
}
