using System.Buffers;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;
using WireGate.Testing.Framing;

namespace WireGate.Postgres.Tests.Messages;

internal sealed class FramersTests
{
    private const string ClientTypes = "BCdcfDEHFPQSX";
    private const string UpstreamTypes = "23CWdcGHDIEVnNAtS1sZT";

    [Test]
    public void A_frame_is_its_length_and_the_type_byte([Values("Q", "P", "X")] string type)
    {
        FrameHeader header = default(ClientFramer).ReadHeader(Wire.Bytes(type, 4));
        Assert.That(header, Is.EqualTo(new FrameHeader(type[0], 5)));
    }

    [Test]
    public void A_client_may_send_just_the_types_of_the_protocol() =>
        Assert.That(LegalTypes<ClientFramer>(), Is.EquivalentTo(ClientTypes));

    [Test]
    public void An_upstream_may_send_just_the_types_of_the_protocol_and_no_authentication_any_more() =>
        Assert.That(LegalTypes<UpstreamFramer>(), Is.EquivalentTo(UpstreamTypes));

    [Test]
    public void A_client_that_authenticates_sends_nothing_but_what_it_presents() =>
        Assert.That(LegalTypes<ClientAuthenticationFramer>(), Is.EquivalentTo("p"));

    [Test]
    public void An_upstream_that_greets_sends_no_results() =>
        Assert.That(LegalTypes<UpstreamGreetingFramer>(), Is.EquivalentTo("RvENSKZ"));

    [TestCase(3)]
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(int.MinValue)]
    [TestCase(int.MaxValue)]
    public void Refuses_a_length_below_four_or_beyond_all_bounds(int length)
    {
        foreach (char type in ClientTypes)
        {
            Assert.That(Refusal<ClientFramer>(type, length), Is.EqualTo(Peer.Client), $"{type}");
        }

        foreach (char type in UpstreamTypes)
        {
            Assert.That(Refusal<UpstreamFramer>(type, length), Is.EqualTo(Peer.Upstream), $"{type}");
        }
    }

    [TestCase('Q', 0x3fff_fffe)]
    [TestCase('d', 0x3fff_fffe)]
    [TestCase('E', 10_000)]
    [TestCase('f', 10_000)]
    [TestCase('S', 4)]
    [TestCase('H', 4)]
    [TestCase('X', 4)]
    [TestCase('c', 4)]
    public void A_client_has_the_bounds_that_PostgreSQL_gives_it(char type, int longest)
    {
        Assert.That(Refusal<ClientFramer>(type, longest), Is.Null);
        Assert.That(Refusal<ClientFramer>(type, longest + 1), Is.EqualTo(Peer.Client));
    }

    [TestCase('D', 0x4000_0003)]
    [TestCase('t', 0x4000_0003)]
    [TestCase('Z', 30_000)]
    public void An_upstream_has_the_bounds_of_PostgreSQL_and_libpq(char type, int longest)
    {
        Assert.That(Refusal<UpstreamFramer>(type, longest), Is.Null);
        Assert.That(Refusal<UpstreamFramer>(type, longest + 1), Is.EqualTo(Peer.Upstream));
    }

    [Test]
    public void A_password_is_at_most_65535_bytes_and_an_authentication_request_2000()
    {
        Assert.That(Refusal<ClientAuthenticationFramer>('p', 65_535), Is.Null);
        Assert.That(Refusal<ClientAuthenticationFramer>('p', 65_536), Is.EqualTo(Peer.Client));
        Assert.That(Refusal<UpstreamGreetingFramer>('R', 2_000), Is.Null);
        Assert.That(Refusal<UpstreamGreetingFramer>('R', 2_001), Is.EqualTo(Peer.Upstream));
    }

    [Test]
    public void Every_prefix_of_a_message_consumes_nothing()
    {
        foreach (ReadOnlySequence<byte> prefix in Splits.Prefixes(Wire.Typed('p', "secret\0")))
        {
            Assert.That(Frames.TryRead<ClientAuthenticationFramer>(prefix, out _, out _, out SequencePosition consumed), Is.False);
            Assert.That(consumed, Is.EqualTo(prefix.Start));
        }
    }

    [Test]
    public void Every_split_of_a_message_reads_the_same_and_leaves_what_follows()
    {
        foreach (ReadOnlySequence<byte> whole in Splits.Whole(Wire.Bytes(Wire.Typed('p', "secret\0"), "next")))
        {
            Assert.That(Frames.TryRead<ClientAuthenticationFramer>(whole, out byte kind, out var body, out var consumed), Is.True);
            Assert.That(kind, Is.EqualTo((byte)'p'));
            Assert.That(body.ToArray(), Is.EqualTo("secret\0"u8.ToArray()));
            Assert.That(whole.Slice(consumed).ToArray(), Is.EqualTo("next"u8.ToArray()));
        }
    }

    [Test]
    public void A_bad_header_is_refused_before_its_body_is_there() => Assert.That(
        () => Frames.TryRead<ClientAuthenticationFramer>(Splits.Of(Wire.Bytes("p", 0x7fff_ffff)), out _, out _, out _),
        Throws.TypeOf<ProtocolException>());

    [Test]
    public void Reading_a_header_allocates_nothing()
    {
        byte[] header = Wire.Bytes("Q", 4);
        long sum = default(ClientFramer).ReadHeader(header).Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            sum += default(ClientFramer).ReadHeader(header).Length;
        }

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(sum, Is.EqualTo(5_005));
    }

    private static IEnumerable<char> LegalTypes<TFramer>()
        where TFramer : struct, IFramer =>
        Enumerable.Range(0, 256).Select(type => (char)type).Where(type => Refusal<TFramer>(type, 4) is null);

    private static Peer? Refusal<TFramer>(char type, int length)
        where TFramer : struct, IFramer
    {
        try
        {
            default(TFramer).ReadHeader(Wire.Bytes(new[] { (byte)type }, length));
            return null;
        }
        catch (ProtocolException e)
        {
            return e.Peer;
        }
    }
}
