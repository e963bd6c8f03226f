using System.Buffers;
using System.IO.Pipelines;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Ssh.Cryptography;
using WireGate.Ssh.Messages;
using WireGate.Ssh.Packets;

namespace WireGate.Ssh.Tests.Packets;

/// <summary>Packets under every protection, down to the byte.</summary>
internal sealed class PacketTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(1, 64).Select(i => (byte)i)];
    private static readonly byte[] Iv = [.. Enumerable.Range(101, 12).Select(i => (byte)i), 0xff, 0xff, 0xff, 0xfe];
    private static readonly MacKind Before = new("SHA512", 64, IsEncryptedFirst: true);
    private static readonly MacKind Behind = new("SHA256", 32, IsEncryptedFirst: false);

    public enum Way
    {
        Plain,
        Gcm,
        ChaCha,
        CtrEncryptedFirst,
        Ctr,
    }

    [Test]
    public async Task Every_prefix_is_too_short_and_every_split_gives_the_same([Values] Way way)
    {
        byte[] sent = await WriteAsync(way, [1, 2, 3], new byte[40]);
        for (int split = 0; split <= sent.Length; split++)
        {
            using PacketReader reader = ReaderOf(way);
            long consumed = 0;
            bool isFirst = reader.TryRead(new ReadOnlySequence<byte>(sent.AsMemory(0, split)), ref consumed);
            Assert.That(consumed, isFirst ? Is.GreaterThan(0) : Is.Zero);
            if (!isFirst)
            {
                Assert.That(reader.TryRead(Split(sent, split), ref consumed), Is.True);
            }

            Assert.That(reader.Packet.Payload.ToArray(), Is.EqualTo((byte[])[1, 2, 3]));
            Assert.That(reader.TryRead(Split(sent, split), ref consumed), Is.True);
            Assert.That(reader.Packet.Payload.ToArray(), Is.EqualTo(new byte[40]));
            Assert.That(consumed, Is.EqualTo(sent.Length));
            Assert.That(reader.Sequence, Is.EqualTo(2));
        }
    }

    [Test]
    public async Task Refuses_a_packet_with_any_byte_changed([Values(Way.Gcm, Way.ChaCha, Way.CtrEncryptedFirst, Way.Ctr)] Way way)
    {
        byte[] sent = await WriteAsync(way, [1, 2, 3, 4, 5]);
        for (int i = 0; i < sent.Length; i++)
        {
            byte[] changed = [.. sent];
            changed[i] ^= 0x10;
            using PacketReader reader = ReaderOf(way);
            long consumed = 0;
            bool isRead = true;
            try
            {
                isRead = reader.TryRead(new ReadOnlySequence<byte>(changed), ref consumed);
            }
            catch (ProtocolException)
            {
                isRead = false;
            }

            Assert.That(isRead, Is.False, $"byte {i}");
        }
    }

    [Test]
    public async Task Refuses_a_packet_that_comes_twice([Values(Way.Gcm, Way.ChaCha, Way.CtrEncryptedFirst, Way.Ctr)] Way way)
    {
        byte[] sent = await WriteAsync(way, [1, 2, 3, 4, 5]);
        using PacketReader reader = ReaderOf(way);
        long consumed = 0;
        Assert.That(reader.TryRead(new ReadOnlySequence<byte>(sent), ref consumed), Is.True);
        byte[] again = [.. sent, .. new byte[256 * 1024]];

        Assert.That(() => Read(reader, again), Throws.InstanceOf<ProtocolException>());
    }

    [Test]
    public async Task Says_of_a_packet_that_was_changed_that_its_MAC_is_wrong([Values(Way.Gcm, Way.ChaCha, Way.CtrEncryptedFirst, Way.Ctr)] Way way)
    {
        byte[] sent = await WriteAsync(way, [1, 2, 3, 4, 5]);
        using PacketReader reader = ReaderOf(way);
        sent[^1] ^= 1;

        Assert.That(() => Read(reader, sent), Throws.TypeOf<SshProtocolException>().With.Property("Reason").EqualTo(DisconnectReason.SSH_DISCONNECT_MAC_ERROR));
    }

    [TestCase(0u)]
    [TestCase(4u)]
    [TestCase(5u)]
    [TestCase(11u)]
    [TestCase(13u)]
    [TestCase(64u * 1024 + 4)]
    [TestCase(0x7fffffffu)]
    [TestCase(0xfffffffcu)]
    public void Refuses_a_length_that_is_not_possible_before_the_rest_arrives(uint length)
    {
        using PacketReader reader = ReaderOf(Way.Plain);
        byte[] header = [(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length];

        Assert.That(() => Read(reader, header), Throws.InstanceOf<ProtocolException>());
    }

    [TestCase(3)]
    [TestCase(11)]
    [TestCase(12)]
    [TestCase(255)]
    public void Refuses_padding_that_is_too_short_or_leaves_no_payload(int padding)
    {
        using PacketReader reader = ReaderOf(Way.Plain);
        byte[] packet = [0, 0, 0, 12, (byte)padding, .. new byte[11]];

        Assert.That(() => Read(reader, packet), Throws.InstanceOf<ProtocolException>());
    }

    [Test]
    public async Task Large_packets_pass_once_their_sender_is_proven([Values] Way way)
    {
        byte[] sent = await WriteAsync(way, new byte[200_000]);
        using PacketReader unproven = ReaderOf(way);
        using PacketReader proven = ReaderOf(way);
        proven.MostLength = PacketReader.MostProven;
        long consumed = 0;

        Assert.That(() => Read(unproven, sent), Throws.InstanceOf<ProtocolException>());
        Assert.That(proven.TryRead(new ReadOnlySequence<byte>(sent), ref consumed), Is.True);
        Assert.That(proven.Packet.Payload.Length, Is.EqualTo(200_000));
    }

    [Test]
    public async Task What_is_written_while_a_flush_waits_goes_with_the_next()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 0, useSynchronizationContext: false));
        using var writer = new PacketWriter(pipe.Writer);
        writer.Write([1]);
        Task<bool> first = writer.FlushAsync().AsTask();
        Assert.That(first.IsCompleted, Is.False);
        writer.Write([2]);
        writer.StartFlush();
        Assert.That(writer.Unsent, Is.GreaterThan(16));
        using PacketReader reader = ReaderOf(Way.Plain);
        for (byte expected = 1; expected <= 2; expected++)
        {
            ReadResult result = await pipe.Reader.ReadAsync();
            long consumed = 0;
            Assert.That(reader.TryRead(result.Buffer, ref consumed), Is.True);
            Assert.That(reader.Packet.Payload.ToArray(), Is.EqualTo((byte[])[expected]));
            pipe.Reader.AdvanceTo(result.Buffer.GetPosition(consumed));
        }

        Assert.That(await first, Is.True);
        Assert.That(writer.Unsent, Is.Zero);
    }

    private static bool Read(PacketReader reader, byte[] bytes)
    {
        long consumed = 0;
        return reader.TryRead(new ReadOnlySequence<byte>(bytes), ref consumed);
    }

    private static async Task<byte[]> WriteAsync(Way way, params byte[][] payloads)
    {
        using var stream = new MemoryStream();
        using var writer = new PacketWriter(PipeWriter.Create(stream));
        writer.SetKey(SealerOf(way), isNumberedAnew: false);
        foreach (byte[] payload in payloads)
        {
            writer.Write(payload);
        }

        await writer.FlushAsync();
        return stream.ToArray();
    }

    private static PacketReader ReaderOf(Way way)
    {
        var reader = new PacketReader(Peer.Client);
        reader.SetKey(
            way switch
            {
                Way.Gcm => new GcmOpener(CipherKind.Aes256Gcm, Key.AsSpan(0, 32), Iv),
                Way.ChaCha => new ChaChaOpener(Key),
                Way.CtrEncryptedFirst => new CtrOpener(CipherKind.Aes192Ctr, Key.AsSpan(0, 24), Iv, Before, Key),
                Way.Ctr => new CtrOpener(CipherKind.Aes256Ctr, Key.AsSpan(0, 32), Iv, Behind, Key),
                _ => new PlainOpener(),
            },
            isNumberedAnew: false);
        return reader;
    }

    private static PacketSealer SealerOf(Way way) => way switch
    {
        Way.Gcm => new GcmSealer(CipherKind.Aes256Gcm, Key.AsSpan(0, 32), Iv),
        Way.ChaCha => new ChaChaSealer(Key),
        Way.CtrEncryptedFirst => new CtrSealer(CipherKind.Aes192Ctr, Key.AsSpan(0, 24), Iv, Before, Key),
        Way.Ctr => new CtrSealer(CipherKind.Aes256Ctr, Key.AsSpan(0, 32), Iv, Behind, Key),
        _ => new PlainSealer(),
    };

    private static ReadOnlySequence<byte> Split(byte[] bytes, int at)
    {
        var first = new Segment(bytes.AsMemory(0, at), 0);
        var second = new Segment(bytes.AsMemory(at), at);
        first.Link(second);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public void Link(Segment next) => Next = next;
    }
}
