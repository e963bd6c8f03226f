using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http1;
using static WireGate.Http.Tests.Http1.Wire;

namespace WireGate.Http.Tests.Http1;

/// <summary>What an upstream answers.</summary>
internal sealed class ResponseHeadTests
{
    private static IEnumerable<TestCaseData> Vectors => SmugglingVectors.Answers.Select(v => new TestCaseData(v.Text).SetName($"Refuses: {v.Name}"));

    [Test]
    public void Reads_what_it_says()
    {
        using ResponseHead head = Read("HTTP/1.1 404 Not \xc4 Found\r\nContent-Length: 3\r\n\r\n");

        Assert.That((head.Code, Encoding.Latin1.GetString(head.Reason), head.Body), Is.EqualTo((404, "Not \xc4 Found", new BodyLength(BodyKind.Counted, 3))));
    }

    [TestCase("HTTP/1.1 200 \r\n\r\n")]
    [TestCase("HTTP/1.1 200\r\n\r\n")]
    public void Needs_no_reason(string head) => Assert.That(Read(head).Reason.Length, Is.Zero);

    [TestCase("200 OK", "Content-Length: 7", false, BodyKind.Counted, 7L)]
    [TestCase("200 OK", "Content-Length: 0", false, BodyKind.None, 0L)]
    [TestCase("200 OK", "Transfer-Encoding: chunked", false, BodyKind.Chunked, 0L)]
    [TestCase("200 OK", "Server: x", false, BodyKind.UntilClose, 0L)]
    [TestCase("200 OK", "Content-Length: 7", true, BodyKind.None, 0L)]
    [TestCase("200 OK", "Transfer-Encoding: chunked", true, BodyKind.None, 0L)]
    [TestCase("204 No Content", "Server: x", false, BodyKind.None, 0L)]
    [TestCase("304 Not Modified", "Content-Length: 7", false, BodyKind.None, 0L)]
    [TestCase("101 Switching Protocols", "Upgrade: websocket", false, BodyKind.None, 0L)]
    public void Tells_where_the_body_ends(string status, string field, bool isToHead, object kind, long count) =>
        Assert.That(Read($"HTTP/1.1 {status}\r\n{field}\r\n\r\n", isToHead).Body, Is.EqualTo(new BodyLength((BodyKind)kind, count)));

    [TestCase("100 Continue", true)]
    [TestCase("103 Early Hints", true)]
    [TestCase("101 Switching Protocols", false)]
    [TestCase("200 OK", false)]
    public void Tells_whether_it_is_the_last(string status, bool isInterim) => Assert.That(Read($"HTTP/1.1 {status}\r\n\r\n").IsInterim, Is.EqualTo(isInterim));

    [TestCase("HTTP/1.1 200OK\r\n\r\n")]
    [TestCase("HTTP/1.1 20 OK\r\n\r\n")]
    [TestCase("HTTP/1.1 099 OK\r\n\r\n")]
    [TestCase("HTTP/1.1 600 OK\r\n\r\n")]
    [TestCase("HTTP/1.1 +20 OK\r\n\r\n")]
    [TestCase("HTTP/1.1  200 OK\r\n\r\n")]
    [TestCase("HTTP/2 200 OK\r\n\r\n")]
    [TestCase("HTTP/1.1 200 O\rK\r\n\r\n")]
    [TestCase("\r\nHTTP/1.1 200 OK\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\nServer: x\n\n")]
    [TestCase("HTTP/1.1 200 OK\r\nServer: x\r\n y\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")]
    [TestCase("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [TestCase("HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n")]
    [TestCase("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [TestCase("HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nConnection: set-cookie\r\n\r\n")]
    [TestCaseSource(nameof(Vectors))]
    public void Refuses(string text)
    {
        using var head = new ResponseHead();

        Assert.That(
            () => head.TryRead(new ReadOnlySequence<byte>(Bytes(text)), out _),
            Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Upstream));
    }

    private static ResponseHead Read(string text, bool isToHead = false)
    {
        var head = new ResponseHead { IsToHead = isToHead };
        Assert.That(head.TryRead(new ReadOnlySequence<byte>(Bytes(text)), out _), Is.True);
        return head;
    }
}
