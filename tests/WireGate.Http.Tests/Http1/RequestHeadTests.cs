using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http1;
using static WireGate.Http.Tests.Http1.Wire;

namespace WireGate.Http.Tests.Http1;

/// <summary>What a request head is, byte by byte.</summary>
internal sealed class RequestHeadTests
{
    private const string Usual = "GET /v1/x?limit=1 HTTP/1.1\r\nHost: api.example:8443\r\nAccept: */*\r\nX-Odd:\t a  b \r\n\r\n";

    [Test]
    public void Reads_what_it_says()
    {
        using var head = new RequestHead();

        Assert.That(head.TryRead(new ReadOnlySequence<byte>(Bytes(Usual + "rest")), out SequencePosition consumed), Is.True);

        Assert.That(consumed.GetInteger(), Is.EqualTo(Usual.Length));
        Assert.That(Text(head.Method), Is.EqualTo("GET"));
        Assert.That(Text(head.Target), Is.EqualTo("/v1/x?limit=1"));
        Assert.That(Text(head.ReadTarget().Path) + "|" + Text(head.ReadTarget().Query), Is.EqualTo("/v1/x|limit=1"));
        Assert.That(Text(head.Authority), Is.EqualTo("api.example:8443"));
        Assert.That(Fields(head), Is.EqualTo(new[] { "Host=api.example:8443", "Accept=*/*", "X-Odd=a  b" }));
        Assert.That(head.Fields.ToArray().Select(f => f.Name), Is.EqualTo(new[] { FieldName.Host, FieldName.Accept, FieldName.Other }));
        Assert.That((head.IsLast, head.IsHttp10, head.Body), Is.EqualTo((false, false, default(BodyLength))));
    }

    [Test]
    public void Every_prefix_waits_for_more_and_takes_nothing()
    {
        byte[] bytes = Bytes(Usual);
        for (int length = 0; length < bytes.Length; length++)
        {
            using var head = new RequestHead();
            Assert.That(head.TryRead(new ReadOnlySequence<byte>(bytes, 0, length), out SequencePosition consumed), Is.False);
            Assert.That(consumed.GetInteger(), Is.Zero);
        }
    }

    [Test]
    public void Every_split_gives_the_same()
    {
        byte[] bytes = Bytes("\r\n" + Usual + "rest");
        for (int at = 0; at <= bytes.Length; at++)
        {
            using var head = new RequestHead();
            Assert.That(head.TryRead(Split(bytes, at), out _), Is.True);
            Assert.That(Text(head.Bytes), Is.EqualTo(Usual));
        }
    }

    [Test]
    public void Goes_on_where_it_stopped_when_bytes_come_one_by_one()
    {
        byte[] bytes = Bytes(Usual);
        using var head = new RequestHead();
        for (int length = 1; length < bytes.Length; length++)
        {
            Assert.That(head.TryRead(new ReadOnlySequence<byte>(bytes, 0, length), out _), Is.False);
        }

        Assert.That(head.TryRead(new ReadOnlySequence<byte>(bytes), out _), Is.True);
        Assert.That(Text(head.Authority), Is.EqualTo("api.example:8443"));
    }

    [Test]
    public void Reads_one_after_the_other()
    {
        using var head = new RequestHead();
        head.TryRead(new ReadOnlySequence<byte>(Bytes("POST /a HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close, X-Mine, upgrade\r\n\r\n")), out _);
        head.Clear();
        head.TryRead(new ReadOnlySequence<byte>(Bytes(Usual)), out _);

        Assert.That((head.IsLast, head.IsHttp10, head.Body, head.ExpectsContinue, head.Nominates, head.AsksUpgrade), Is.EqualTo((false, false, default(BodyLength), false, false, false)));
        Assert.That(head.Fields.Length, Is.EqualTo(3));
    }

    [TestCase("", BodyKind.None, 0L)]
    [TestCase("Content-Length: 0\r\n", BodyKind.None, 0L)]
    [TestCase("Content-Length: 5\r\n", BodyKind.Counted, 5L)]
    [TestCase("content-length:005\r\n", BodyKind.Counted, 5L)]
    [TestCase("Content-Length: 9223372036854775807\r\n", BodyKind.Counted, long.MaxValue)]
    [TestCase("Transfer-Encoding: chunked\r\n", BodyKind.Chunked, 0L)]
    [TestCase("TRANSFER-ENCODING: ChUnKeD\t\r\n", BodyKind.Chunked, 0L)]
    public void Tells_where_the_body_ends(string fields, object kind, long count) =>
        Assert.That(Read($"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").Body, Is.EqualTo(new BodyLength((BodyKind)kind, count)));

    [TestCase("GET / HTTP/1.1", "", false)]
    [TestCase("GET / HTTP/1.1", "Connection: keep-alive, close\r\n", true)]
    [TestCase("GET / HTTP/1.1", "Connection: Keep-Alive\r\nConnection: Close\r\n", true)]
    [TestCase("GET / HTTP/1.0", "", true)]
    [TestCase("GET / HTTP/1.0", "Connection: Keep-Alive\r\n", false)]
    [TestCase("GET / HTTP/1.0", "Connection: Keep-Alive, close\r\n", true)]
    public void Tells_whether_another_follows(string line, string fields, bool isLast) =>
        Assert.That(Read($"{line}\r\nHost: a\r\n{fields}\r\n").IsLast, Is.EqualTo(isLast));

    [TestCase("OPTIONS * HTTP/1.1\r\nHost: a", TargetForm.Asterisk, "a")]
    [TestCase("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443", TargetForm.Authority, "a.example:443")]
    [TestCase("GET http://a.example/x HTTP/1.1\r\nHost: A.example", TargetForm.Absolute, "A.example")]
    [TestCase("GET https://[::1]:8443?q HTTP/1.1\r\nHost: [::1]:8443", TargetForm.Absolute, "[::1]:8443")]
    [TestCase("GET http://h/ HTTP/1.0\r\nAccept: */*", TargetForm.Absolute, "h")]
    [TestCase("GET / HTTP/1.0\r\nAccept: */*", TargetForm.Origin, "")]
    public void Knows_the_forms_of_a_target(string head, object form, string authority)
    {
        using RequestHead read = Read(head + "\r\n\r\n");

        Assert.That((read.ReadTarget().Form, Text(read.Authority)), Is.EqualTo(((TargetForm)form, authority)));
    }

    [Test]
    public void Knows_which_fields_Connection_names()
    {
        using RequestHead head = Read("GET / HTTP/1.1\r\nHost: a\r\nConnection: TE, X-Mine\r\nX-Mine: 1\r\n\r\n");

        Assert.That(head.IsNominated("x-mine"u8) && head.IsNominated("te"u8) && !head.IsNominated("accept"u8));
    }

    [Test]
    public void Bytes_above_0x7F_are_carried_as_they_are()
    {
        using RequestHead head = Read("GET / HTTP/1.1\r\nHost: a\r\nX: \xc9\x80\r\n\r\n");

        Assert.That(Fields(head)[1], Is.EqualTo("X=\xc9\x80"));
    }

    [Test]
    public void Refuses_a_head_that_is_too_long()
    {
        using var head = new RequestHead();
        byte[] bytes = Bytes("GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', HeadScan.MostBytes));

        Assert.That(() => head.TryRead(new ReadOnlySequence<byte>(bytes), out _), Throws.InstanceOf<ProtocolException>());
        Assert.That(head.Status, Is.EqualTo(431));
    }

    [TestCase(MessageHead.MostFields, true)]
    [TestCase(MessageHead.MostFields + 1, false)]
    public void Counts_fields(int count, bool isTaken)
    {
        using var head = new RequestHead();
        byte[] bytes = Bytes("GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(2, count - 1).Select(i => $"X{i}: 1\r\n")) + "\r\n");

        Assert.That(() => head.TryRead(new ReadOnlySequence<byte>(bytes), out _), isTaken ? Is.True : Throws.InstanceOf<ProtocolException>());
        Assert.That(head.Status, Is.EqualTo(isTaken ? 400 : 431));
    }

    [TestCase("Connection: {0}\r\n", 32, true)]
    [TestCase("Connection: {0}\r\n", 33, false)]
    [TestCase("Connection: close\r\nX: 1\r\nConnection: {0}\r\n", 31, true)]
    [TestCase("Connection: close\r\nX: 1\r\nConnection: {0}\r\n", 32, false)]
    public void Counts_options_of_Connection(string fields, int count, bool isTaken)
    {
        using var head = new RequestHead();
        foreach (string options in new[] { string.Join(", ", Enumerable.Range(0, count).Select(i => $"x{i}")), new string(',', count - 1) })
        {
            byte[] bytes = Bytes($"GET / HTTP/1.1\r\nHost: a\r\n{fields.Replace("{0}", options, StringComparison.Ordinal)}\r\n");
            Assert.That(() => head.TryRead(new ReadOnlySequence<byte>(bytes), out _), isTaken ? Is.True : Throws.InstanceOf<ProtocolException>());
            Assert.That(head.Status, Is.EqualTo(400));
            head.Clear();
        }
    }

    private static RequestHead Read(string text)
    {
        var head = new RequestHead();
        Assert.That(head.TryRead(new ReadOnlySequence<byte>(Bytes(text)), out _), Is.True);
        return head;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static string[] Fields(RequestHead head) =>
        [.. head.Fields.ToArray().Select(f => $"{Text(head.Name(f))}={Text(head.Value(f))}")];
}
