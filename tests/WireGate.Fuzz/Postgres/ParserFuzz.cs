using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using NUnit.Framework;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Postgres;

/// <summary>
/// Whatever arrives, a parser gives a value, <c>false</c> or a <see cref="ProtocolException"/>, and takes no more memory than a hundred
/// times what arrived.
/// </summary>
internal sealed class ParserFuzz
{
    private static readonly UpstreamText Texts = new("app_ro", null);
    private static readonly PlaceholderProof Proof = new(new byte[32], new byte[16], 4096, new byte[32], new byte[32]);

    [Test]
    public void Startup_packets() => Vary(
        1,
        [
            Untyped(196_608, "user\0alice+0123456789@orders\0database\0orders\0options\0-c geqo=off --jit=on\0_pq_.x\0y\0\0"),
            Untyped(196_610, "user\0a\0replication\0database\0application_name\0x\0\0"),
            Untyped(80_877_102, "\0\0\0\x2a" + "1234"), Untyped(80_877_103, ""), Untyped(80_877_104, ""),
        ],
        Startup);

    [Test]
    public void Options() => Vary(
        2, [.. new[] { "-c a=b --c=d -ce=f", "  \\\\ -c x\\ y=z\\", "--a-b=c" }.Select(Encoding.ASCII.GetBytes)],
        bytes => Assert.That(StartupOptions.TryParse(bytes, out var settings) || settings.Count <= bytes.Length));

    [Test]
    public void Frames_of_either_side() => Vary(
        3, [[(byte)'Q', .. Untyped(1, "x")], [(byte)'p', .. Untyped(1, "x")], [(byte)'R', .. Untyped(0, "")], [(byte)'D', .. Untyped(1, "x")]],
        bytes =>
        {
            var buffer = new ReadOnlySequence<byte>(bytes);
            Either(() => Frames.TryRead<ClientFramer>(buffer, out _, out _, out _));
            Either(() => Frames.TryRead<UpstreamFramer>(buffer, out _, out _, out _));
            Either(() => Frames.TryRead<ClientAuthenticationFramer>(buffer, out _, out _, out _));
            Either(() => Frames.TryRead<UpstreamGreetingFramer>(buffer, out _, out _, out _));
        });

    [Test]
    public void What_an_upstream_greets_with() => Vary(
        4,
        [
            Encoding.ASCII.GetBytes("SFATAL\0C28P01\0Mno\0\0"), Encoding.ASCII.GetBytes("name\0value\0"),
            Encoding.ASCII.GetBytes("\0\0\0\x0aSCRAM-SHA-256\0\0"), Encoding.ASCII.GetBytes("\0\x03\0\0\0\0\0\x01_pq_.x\0"), "I"u8.ToArray(),
        ],
        bytes =>
        {
            Either(() => ErrorFields.Read(bytes, Texts));
            Either(() => ParameterStatus.Read(bytes));
            Either(() => BackendKeyData.Read(bytes));
            Either(() => NegotiatedVersion.Read(bytes));
            Either(() => ReadyForQuery.Read(bytes));
            Either(() => AuthenticationRequest.Read(bytes).Offers("SCRAM-SHA-256"u8));
        });

    [Test]
    public void What_a_client_presents() => Vary(
        5, [Encoding.ASCII.GetBytes("SCRAM-SHA-256\0\0\0\0\x08n,,n=,r=x"), Encoding.ASCII.GetBytes("secret\0")],
        bytes =>
        {
            Either(() => ClientResponses.ReadPassword(new ReadOnlySequence<byte>(bytes)).Dispose());
            Either(() => ClientResponses.ReadSaslInitial(bytes, out _, out _));
        });

    [Test]
    public void Values_of_a_Bind_are_a_member_of_a_record() => Vary(
        9,
        [
            [0, 1, 0, 1, 0, 2, 0, 0, 0, 2, 0x7b, 0xff, 255, 255, 255, 255, 0, 0], [0, 0, 0, 3, 0, 0, 0, 1, (byte)'"', 0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 9, (byte)'x'],
            [0, 2, 0, 0, 0, 1, 0, 1, 0, 0, 0, 40, .. new byte[40]],
        ],
        bytes =>
        {
            foreach (bool isUtf8 in (bool[])[true, false])
            {
                var record = new ArrayBufferWriter<byte>();
                record.Write("{\"a\":1"u8);
                BoundValues.Write(record, bytes, 16, isUtf8);
                record.Write("}"u8);
                using JsonDocument document = JsonDocument.Parse(record.WrittenMemory);
            }
        });

    [Test]
    public void Lists_of_names() => Vary(10, [.. new[] { "a, \"B\"\"c\" ,d", "public.\"Seq\"", "\"", " , " }.Select(Encoding.UTF8.GetBytes)], bytes =>
    {
        string text = Encoding.UTF8.GetString(bytes);
        Assert.That(!QuotedNames.TryReadList(text, out List<string> names) || names.Sum(n => n.Length) <= text.Length);
        QuotedNames.TryReadRelation(text, out _);
    });

    [Test]
    public void Scram_of_a_client() => Vary(
        6,
        [
            Encoding.ASCII.GetBytes("n,,n=,r=abc"), Encoding.ASCII.GetBytes("p=tls-server-end-point,,n=u,r=abc,x=y"),
            Encoding.ASCII.GetBytes("c=biws,r=abcNONCE,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ],
        bytes =>
        {
            Either(() => new ScramServer(Proof, default, "NONCE"u8.ToArray()).First("SCRAM-SHA-256"u8, bytes));
            Either(() => new ScramServer(Proof, new byte[32], "NONCE"u8.ToArray()).First("SCRAM-SHA-256-PLUS"u8, bytes));
            var started = new ScramServer(Proof, default, "NONCE"u8.ToArray());
            started.First("SCRAM-SHA-256"u8, "n,,n=,r=abc"u8);
            Either(() => started.Final(bytes, out _));
        });

    [Test]
    public void Scram_of_an_upstream() => Vary(
        7,
        [
            Encoding.ASCII.GetBytes("r=NONCEx,s=AAAA,i=4096"), Encoding.ASCII.GetBytes("e=invalid-proof"),
            Encoding.ASCII.GetBytes("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ],
        bytes =>
        {
            Either(() => Started().ReadServerFirst(bytes));
            ScramClient finished = Started();
            using ScramKeys keys = ScramKeys.Derive("pw"u8, finished.ReadServerFirst("r=NONCEx,s=AAAA,i=4096"u8));
            finished.Final(keys);
            Either(() => finished.ReadServerFinal(bytes));
            Assert.That(finished.IsComplete, Is.False);
        });

    // The worst that fits: as many parts as possible in each of the longest messages.
    [Test]
    public void Amplification_of_full_messages()
    {
        byte[][] packets =
        [
            Untyped(196_608, "user\0a\0" + string.Concat(Enumerable.Repeat("a\0\0", 3_300)) + "\0"),
            Untyped(196_608, "user\0a\0" + string.Concat(Enumerable.Repeat("_pq_.\0\0", 1_400)) + "\0"),
            Untyped(196_608, "user\0a\0" + string.Concat(Enumerable.Repeat("geqo\0\0", 1_600)) + "\0"),
            Untyped(196_608, "user\0a\0options\0" + string.Concat(Enumerable.Repeat("--a= ", 1_900)) + "\0\0"),
        ];
        foreach (byte[] packet in packets)
        {
            Bounded(packet, Startup);
        }

        Bounded(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("Mx\0", 9_990)) + "\0"), bytes => ErrorFields.Read(bytes, Texts));
    }

    private static void Startup(byte[] bytes)
    {
        if (StartupPacket.TryRead(new ReadOnlySequence<byte>(bytes), out StartupPacket? packet, out _)
            && packet!.Parameters is { } parameters)
        {
            parameters.Judge(AllowedParameters.Shipped);
            UserName.Parse(parameters.User, name => name == "orders");
            ProtocolVersionNegotiation.Of(packet.Version, parameters.ProtocolOptions);
        }
    }

    private static ScramClient Started()
    {
        var client = new ScramClient(false, [], "NONCE"u8.ToArray());
        client.First();
        return client;
    }

    private static byte[] Untyped(int code, string body)
    {
        byte[] packet = new byte[8 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(packet, packet.Length);
        BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(4), code);
        Encoding.Latin1.GetBytes(body, packet.AsSpan(8));
        return packet;
    }
}
