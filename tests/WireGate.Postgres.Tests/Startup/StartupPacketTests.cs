using System.Buffers;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Tests.Messages;
using WireGate.Testing.Framing;

namespace WireGate.Postgres.Tests.Startup;

internal sealed class StartupPacketTests
{
    private static readonly byte[] Login = Wire.Untyped(196_608, "user\0alice\0database\0orders\0\0");

    private static readonly byte[][] Packets =
    [
        Login,
        Wire.Untyped(80_877_103),
        Wire.Untyped(80_877_104),
        Wire.Untyped(80_877_102, 42, "1234"),
        Wire.Untyped(80_877_102, 42, new byte[256]),
        Wire.Untyped(4 << 16),
    ];

    [Test]
    public void Every_prefix_consumes_nothing([ValueSource(nameof(Packets))] byte[] bytes)
    {
        foreach (ReadOnlySequence<byte> prefix in Splits.Prefixes(bytes))
        {
            Assert.That(StartupPacket.TryRead(prefix, out StartupPacket? packet, out SequencePosition consumed), Is.False);
            Assert.That(packet, Is.Null);
            Assert.That(consumed, Is.EqualTo(prefix.Start));
        }
    }

    [Test]
    public void Every_split_reads_the_same_and_leaves_what_follows([ValueSource(nameof(Packets))] byte[] bytes)
    {
        using StartupPacket expected = Read(bytes);
        foreach (ReadOnlySequence<byte> whole in Splits.Whole([.. bytes, .. "\x16stuffed"u8]))
        {
            Assert.That(StartupPacket.TryRead(whole, out StartupPacket? packet, out SequencePosition consumed), Is.True);
            Assert.That((packet!.Kind, packet.Version), Is.EqualTo((expected.Kind, expected.Version)));
            Assert.That(packet.Parameters?.User.ToArray(), Is.EqualTo(expected.Parameters?.User.ToArray()));
            Assert.That(whole.Slice(consumed).ToArray(), Is.EqualTo("\x16stuffed"u8.ToArray()));
            packet.Dispose();
        }
    }

    [Test]
    public void Knows_each_kind()
    {
        Assert.That(Packets.Select(p => Read(p).Kind), Is.EqualTo(new[]
        {
            StartupKind.StartupMessage, StartupKind.SslRequest, StartupKind.GssEncRequest, StartupKind.CancelRequest,
            StartupKind.CancelRequest, StartupKind.UnsupportedVersion,
        }));
    }

    [TestCase(2 << 16)]
    [TestCase(4 << 16)]
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase((1234 << 16) | 5681)]
    public void A_version_that_is_not_spoken_is_a_value_to_refuse_with(int version) =>
        Assert.That(Read(Wire.Untyped(version, "user\0a\0\0")).Kind, Is.EqualTo(StartupKind.UnsupportedVersion));

    [TestCase(0)]
    [TestCase(7)]
    [TestCase(10_001)]
    [TestCase(-1)]
    [TestCase(int.MaxValue)]
    [TestCase(0x16030100)]
    public void Refuses_a_length_out_of_bounds_as_soon_as_it_is_there(int length) => Refuses(Wire.Bytes(length));

    [Test]
    public void Takes_the_longest_packet_that_PostgreSQL_takes()
    {
        byte[] longest = Wire.Untyped(196_608, "user\0", new string('a', 10_000 - 8 - 5 - 2), "\0\0");
        Assert.That(longest, Has.Length.EqualTo(10_000));
        Assert.That(Read(longest).Kind, Is.EqualTo(StartupKind.StartupMessage));
    }

    [Test]
    public void Reads_whom_a_cancel_means()
    {
        using StartupPacket packet = Read(Wire.Untyped(80_877_102, 42, "1234"));
        Assert.That(packet.CancelProcessId, Is.EqualTo(42));
        Assert.That(packet.CancelKey.SequenceEqual("1234"u8));
    }

    [TestCase(0)]
    [TestCase(3)]
    [TestCase(257)]
    public void Refuses_a_cancel_key_out_of_bounds(int length) => Refuses(Wire.Untyped(80_877_102, 42, new byte[length]));

    [TestCase(80_877_103)]
    [TestCase(80_877_104)]
    public void Refuses_a_request_for_encryption_with_anything_in_it(int code) => Refuses(Wire.Untyped(code, "x"));

    [TestCase("", TestName = "Refuses_a_startup_message_of_nothing")]
    [TestCase("\0", TestName = "Refuses_a_startup_message_without_user")]
    [TestCase("user\0\0\0", TestName = "Refuses_an_empty_user")]
    [TestCase("database\0a\0\0", TestName = "Refuses_a_database_without_user")]
    [TestCase("user\0alice\0", TestName = "Refuses_a_missing_terminator")]
    [TestCase("user\0alice", TestName = "Refuses_an_open_value")]
    [TestCase("user", TestName = "Refuses_an_open_name")]
    [TestCase("user\0alice\0\0x", TestName = "Refuses_bytes_behind_the_terminator")]
    [TestCase("user\0alice\0\0\0", TestName = "Refuses_a_NUL_behind_the_terminator")]
    public void Refuses_a_malformed_startup_message(string body) => Refuses(Wire.Untyped(196_608, body));

    [Test]
    public void The_last_of_equal_names_wins()
    {
        StartupParameters parameters = Read(Wire.Untyped(196_608, "user\0a\0database\0x\0user\0b\0database\0y\0\0")).Parameters!;
        Assert.That(Text(parameters.User), Is.EqualTo("b"));
        Assert.That(Text(parameters.Database), Is.EqualTo("y"));
    }

    [TestCase("user\0alice\0\0")]
    [TestCase("user\0alice\0database\0\0\0")]
    public void The_database_is_the_users_by_default(string body) =>
        Assert.That(Text(Read(Wire.Untyped(196_608, body)).Parameters!.Database), Is.EqualTo("alice"));

    [Test]
    public void Dispose_zeroes_what_may_have_been_a_placeholder()
    {
        StartupPacket packet = Read(Login);
        ReadOnlyMemory<byte> user = packet.Parameters!.User;
        packet.Dispose();
        Assert.That(user.ToArray(), Is.All.Zero);
    }

    [TestCase(196_608, "", 196_608, false, 4, TestName = "Speaks_3_0_without_a_word")]
    [TestCase(196_610, "", 196_610, false, 32, TestName = "Speaks_3_2_without_a_word")]
    [TestCase(196_611, "", 196_610, true, 32, TestName = "Answers_3_3_with_3_2")]
    [TestCase(196_608 + 9_999, "_pq_.test_protocol_negotiation\0\0", 196_610, true, 32, TestName = "Answers_a_greased_client")]
    [TestCase(196_608, "_pq_.x\0on\0", 196_608, true, 4, TestName = "Answers_an_option_at_3_0_and_stays_at_3_0")]
    public void Negotiates_the_version(int asked, string options, int spoken, bool answered, int keyLength)
    {
        StartupPacket packet = Read(Wire.Untyped(asked, "user\0a\0", options, "\0"));
        ProtocolVersionNegotiation negotiation = ProtocolVersionNegotiation.Of(packet.Version, packet.Parameters!.ProtocolOptions);
        Assert.That(negotiation.Version, Is.EqualTo(spoken));
        Assert.That(negotiation.IsAnswerNeeded, Is.EqualTo(answered));
        Assert.That(negotiation.CancelKeyLength, Is.EqualTo(keyLength));
        Assert.That(negotiation.UnknownOptions.Select(Text), Is.EqualTo(options.Length == 0 ? [] : new[] { options.Split('\0')[0] }));
    }

    internal static StartupPacket Read(byte[] bytes)
    {
        Assert.That(StartupPacket.TryRead(new ReadOnlySequence<byte>(bytes), out StartupPacket? packet, out _), Is.True);
        return packet!;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static void Refuses(byte[] bytes) => Assert.That(
        () => StartupPacket.TryRead(new ReadOnlySequence<byte>(bytes), out _, out _),
        Throws.TypeOf<ProtocolException>().With.Property("Peer").EqualTo(Peer.Client));
}
