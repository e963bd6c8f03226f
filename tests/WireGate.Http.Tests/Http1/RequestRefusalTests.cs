using System.Buffers;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Http.Http1;
using static WireGate.Http.Tests.Http1.Wire;

namespace WireGate.Http.Tests.Http1;

/// <summary>
/// The published ways to have two servers read two requests where one was sent, each refused before a byte goes anywhere; what a client is
/// told.
/// </summary>
internal sealed class RequestRefusalTests
{
    private static IEnumerable<TestCaseData> Vectors =>
        SmugglingVectors.Heads.Select(v => new TestCaseData(v.Text, v.Status).SetName($"Refuses: {v.Name}"));

    [TestCaseSource(nameof(Vectors))]
    public void Refuses(string request, int status)
    {
        using var head = new RequestHead();
        byte[] bytes = Bytes(request);

        Assert.That(() => head.TryRead(new ReadOnlySequence<byte>(bytes), out _), Throws.InstanceOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Client));
        Assert.That(head.Status, Is.EqualTo(status));
    }
}
