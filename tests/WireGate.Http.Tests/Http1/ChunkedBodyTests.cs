using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http1;
using static WireGate.Http.Tests.Http1.Wire;

namespace WireGate.Http.Tests.Http1;

/// <summary>Bodies in chunks.</summary>
internal sealed class ChunkedBodyTests
{
    private const string Usual = "5\r\nhello\r\n00a;x=1;y=\"a;\\\"b\" ; z\r\n, chunked!\r\n0\r\nX-Trailer: 1\r\nY:\r\n\r\n";

    private static IEnumerable<TestCaseData> Vectors => SmugglingVectors.Chunks.Select(v => new TestCaseData(v.Text).SetName($"Refuses {v.Name}"));

    private static IEnumerable<TestCaseData> VectorsOfAnswers => SmugglingVectors.Chunks.SelectMany(v => new[]
    {
        new TestCaseData(v.Text, int.MaxValue).SetName($"Refuses {v.Name}, of an upstream"),
        new TestCaseData(v.Text, 1).SetName($"Refuses {v.Name}, of an upstream, byte by byte"),
    });

    [Test]
    public void Reads_what_it_carries() => Assert.That(Read(Usual + "GET", int.MaxValue), Is.EqualTo(("hello, chunked!", Usual.Length, true)));

    [Test]
    public void Reads_the_same_however_it_comes([Range(1, 12)] int step) =>
        Assert.That(Read(Usual + "GET", step), Is.EqualTo(("hello, chunked!", Usual.Length, true)));

    [Test]
    public void Every_prefix_waits_for_more()
    {
        for (int length = 0; length < Usual.Length; length++)
        {
            (_, int taken, bool isDone) = Read(Usual[..length], 3);
            Assert.That((taken, isDone), Is.EqualTo((length, false)));
        }
    }

    [Test]
    public void Reads_an_empty_one() => Assert.That(Read("0\r\n\r\n", 100), Is.EqualTo(("", 5, true)));

    [Test]
    public void Takes_a_size_of_fifteen_digits()
    {
        var body = new ChunkedBody(Peer.Client);
        body.Read(Bytes("fffffffffffffff\r\nx"), out ReadOnlySpan<byte> data);

        Assert.That(data.Length, Is.EqualTo(1));
    }

    [TestCaseSource(nameof(Vectors))]
    public void Refuses(string text) =>
        Assert.That(() => Read(text, int.MaxValue), Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Client));

    [TestCaseSource(nameof(VectorsOfAnswers))]
    public void Refuses_of_an_upstream(string text, int step) =>
        Assert.That(() => Read(text, step, Peer.Upstream), Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Upstream));

    [Test]
    public void T04_Counts_extensions_of_all_chunks_together()
    {
        string chunk = "1;" + new string('x', 100) + "\r\na\r\n";
        int most = ChunkedBody.MostExtensions / 100;

        Assert.That(Read(string.Concat(Enumerable.Repeat(chunk, most)), 1000).Carried, Has.Length.EqualTo(most));
        Assert.That(() => Read(string.Concat(Enumerable.Repeat(chunk, most + 1)), 1000), Throws.InstanceOf<ProtocolException>());
    }

    [Test]
    public void T04_Counts_trailers() =>
        Assert.That(() => Read("0\r\nX: " + new string('x', ChunkedBody.MostTrailers), 1000), Throws.InstanceOf<ProtocolException>());

    private static (string Carried, int Taken, bool IsDone) Read(string text, int step, Peer peer = Peer.Client)
    {
        byte[] bytes = Bytes(text);
        var body = new ChunkedBody(peer);
        var carried = new StringBuilder();
        int at = 0;
        while (at < bytes.Length && !body.IsDone)
        {
            at += body.Read(bytes.AsSpan(at, Math.Min(step, bytes.Length - at)), out ReadOnlySpan<byte> data);
            carried.Append(Encoding.Latin1.GetString(data));
        }

        return (carried.ToString(), at, body.IsDone);
    }
}
