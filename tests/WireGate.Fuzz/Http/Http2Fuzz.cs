using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Http1;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;
using WireGate.Http.Http2.Messages;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Http;

/// <summary>What a peer may send over HTTP/2: frames, blocks of fields, and whole connections.</summary>
internal sealed class Http2Fuzz
{
    private const string Request = "82878441" + "09" + "612e6578616d706c65" + "7a0161" + "400378797a0161" + "10811f811f";

    private static readonly byte[][] Blocks =
    [
        Convert.FromHexString(Request),
        Convert.FromHexString("203fe11f" + Request + "bebf"),
        Convert.FromHexString("4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54"),
        Convert.FromHexString("82878441" + "8cf1e3c2e5f23a6ba0ab90f4ff" + "5886a8eb10649cbf" + "ff00"),
    ];

    private static readonly byte[][] Clients =
    [
        Client(Frame(FrameType.HEADERS, 0x05, 1, Request), Frame(FrameType.WINDOW_UPDATE, 0, 1, "00010000"), Frame(FrameType.PING, 0, 0, "0000000000000000")),
        Client(
            Frame(FrameType.HEADERS, 0x04, 1, "83878441" + "09" + "612e6578616d706c65"), Frame(FrameType.DATA, 0x08, 1, "0474657374" + "00000000"),
            Frame(FrameType.DATA, 0x01, 1, "7465"), Frame(FrameType.RST_STREAM, 0, 1, "00000008"), Frame(FrameType.GOAWAY, 0, 0, "0000000000000000")),
        Client(
            Frame(FrameType.HEADERS, 0x20, 1, "80000000ff828784"), Frame(FrameType.CONTINUATION, 0x04, 1, "41" + "09" + "612e6578616d706c65"),
            Frame(FrameType.PRIORITY, 0, 5, "0000000010"), Frame(FrameType.SETTINGS, 0, 0, "000400000001" + "000100000000"),
            Frame(FrameType.DATA, 0, 1, "74"), Frame(FrameType.HEADERS, 0x05, 1, "00017a0161")),
    ];

    private static readonly byte[][] Upstreams =
    [
        [
            .. Frame(FrameType.SETTINGS, 0, 0, "000300000064"), .. Frame(FrameType.HEADERS, 0x04, 1, "4803313033"), .. Frame(FrameType.HEADERS, 0x04, 1, "88"),
            .. Frame(FrameType.DATA, 0, 1, "68656c6c6f"), .. Frame(FrameType.HEADERS, 0x05, 1, "00017a0161"), .. Frame(FrameType.GOAWAY, 0, 0, "0000000100000000"),
        ],
        [
            .. Frame(FrameType.SETTINGS, 0, 0, ""), .. Frame(FrameType.RST_STREAM, 0, 1, "00000007"), .. Frame(FrameType.WINDOW_UPDATE, 0, 0, "00010000"),
            .. Frame(FrameType.HEADERS, 0x05, 3, "89"),
        ],
    ];

    [Test]
    public void Heads_of_frames() => Vary(61, [Frame(FrameType.DATA, 1, 3, "7465"), Frame(FrameType.SETTINGS, 0, 0, "000300000064")], bytes =>
    {
        bool isHead = FrameHead.TryRead(new ReadOnlySequence<byte>(bytes), Peer.Client, out FrameHead head);
        Assert.That(isHead, Is.EqualTo(bytes.Length >= FrameHead.Size));
        if (isHead)
        {
            byte[] written = new byte[FrameHead.Size];
            head.Write(written);
            written[5] |= (byte)(bytes[5] & 0x80);
            Assert.That(written, Is.EqualTo(bytes[..FrameHead.Size]));
        }
    });

    [Test]
    public void Settings() => Vary(62, [Convert.FromHexString("000300000064" + "000400000001" + "00ff00000001")], bytes =>
        new PeerSettings(Peer.Client).Read(bytes.AsSpan(0, bytes.Length / 6 * 6)));

    [Test]
    public void Blocks_of_fields_and_what_goes_on_of_them() => Vary(63, Blocks, bytes =>
    {
        using var decoder = new HpackDecoder(Peer.Client);
        using var section = new FieldSection();
        decoder.Decode(bytes, section);
        if (section.IsTooLarge)
        {
            return;
        }

        using var encoder = new HpackEncoder();
        using var again = new HpackDecoder(Peer.Client);
        using var read = new FieldSection();
        byte[] block = new byte[HpackEncoder.MostLength(section)];
        again.Decode(block.AsSpan(0, encoder.Encode(section, block)), read);
        Assert.That(Text(read), Is.EqualTo(Text(section)));
    });

    [Test]
    public void Requests_that_are_well_formed() => Vary(64, Blocks[..2], bytes =>
    {
        using var decoder = new HpackDecoder(Peer.Client);
        using var section = new FieldSection();
        decoder.Decode(bytes, section);
        if (!section.IsTooLarge)
        {
            new MessageRules(Peer.Client, 1).CheckRequest(section);
            Assert.That(section.Path.IsEmpty || section.Path[0] is (byte)'/' or (byte)'*', Is.True);
            Assert.That(Text(section).AsSpan().ContainsAny('\r', '\0'), Is.False);
            IsOneHead<RequestHead>(output => SectionHead.WriteRequest(output, section, isWhole: false));
        }
    });

    [Test]
    public void Responses_that_are_well_formed() => Vary(67, [Convert.FromHexString("88" + "0f0d0135" + "400378797a0161"), Convert.FromHexString("4803333033" + "400378797a0161")], bytes =>
    {
        using var decoder = new HpackDecoder(Peer.Upstream);
        using var section = new FieldSection();
        decoder.Decode(bytes, section);
        if (!section.IsTooLarge)
        {
            new MessageRules(Peer.Upstream, 1).CheckResponse(section);
            IsOneHead<ResponseHead>(output => SectionHead.WriteResponse(output, section));
        }
    });

    [Test]
    public void Connections_of_clients() => Vary(65, Clients, bytes => Run(Http2Role.Server, bytes));

    [Test]
    public void Connections_of_upstreams() => Vary(66, Upstreams, bytes => Run(Http2Role.Client, bytes));

    // What is a message of HTTP/2 is one of HTTP/1.1, or refused.
    private static void IsOneHead<T>(Action<ArrayBufferWriter<byte>> write)
        where T : MessageHead, new()
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        using var head = new T();
        Assert.That(head.TryRead(new ReadOnlySequence<byte>(output.WrittenMemory), out SequencePosition end), Is.True, Encoding.Latin1.GetString(output.WrittenSpan));
        Assert.That(end.GetInteger(), Is.EqualTo(output.WrittenCount), "one message is one");
    }

    private static string Text(FieldSection section)
    {
        var text = new StringBuilder();
        foreach (FieldLine line in section.All)
        {
            text.Append(Encoding.Latin1.GetString(section.Name(line))).Append('=').Append(Encoding.Latin1.GetString(section.Value(line))).Append('\n');
        }

        return text.ToString();
    }

    private static byte[] Frame(FrameType type, int flags, int streamId, string hex)
    {
        byte[] payload = Convert.FromHexString(hex);
        byte[] frame = new byte[FrameHead.Size + payload.Length];
        new FrameHead(payload.Length, type, (FrameFlags)flags, streamId).Write(frame);
        payload.CopyTo(frame, FrameHead.Size);
        return frame;
    }

    private static byte[] Client(params byte[][] frames) =>
        [.. FrameWriter.Preface, .. Frame(FrameType.SETTINGS, 0, 0, ""), .. Frame(FrameType.SETTINGS, 1, 0, ""), .. frames.SelectMany(f => f)];

    // A whole connection, on this thread: it ends, with the peer at fault or not, and nothing else comes of it.
    private static void Run(Http2Role role, byte[] bytes)
    {
        var loop = new TurningLoop();
        var sent = new MemoryStream();
        PipeReader input = PipeReader.Create(new ReadOnlySequence<byte>(bytes));
        var connection = new Http2Connection(role, loop, input, PipeWriter.Create(sent), TimeProvider.System, Http2Limits.Usual) { Accept = Echo };
        Task? ended = null;
        loop.Post(
            _ =>
            {
                if (role == Http2Role.Client)
                {
                    using var request = new FieldSection();
                    request.Add(":method"u8, "GET"u8);
                    connection.OpenStream(request, endStream: true)!.Gone = () => { };
                }

                ended = connection.RunAsync().AsTask();
            },
            null);
        loop.Turn();
        Assert.That(ended!.IsCompleted, Is.True, "it came to its end");
        ended.GetAwaiter().GetResult();
    }

    private static async void Echo(Http2Stream stream)
    {
        using (stream)
        {
            using var head = new FieldSection();
            head.AddStatus(200);
            stream.SendHeaders(head, endStream: false);
            try
            {
                ReadResult read;
                do
                {
                    read = await stream.Body.ReadAsync();
                    foreach (ReadOnlyMemory<byte> segment in read.Buffer)
                    {
                        await stream.Output.WriteAsync(segment);
                    }

                    stream.Body.AdvanceTo(read.Buffer.End);
                }
                while (!read.IsCompleted);
                stream.Output.Complete();
            }
            catch (StreamException)
            {
                // The peer ended it.
            }
        }
    }

    /// <summary>A loop that turns when it is told.</summary>
    private sealed class TurningLoop : EventLoop
    {
        private readonly Queue<(Action<object?> Callback, object? State)> _queue = new();

        public override int Index => 0;

        public override bool IsCurrent => true;

        public override void Post(Action<object?> callback, object? state) => _queue.Enqueue((callback, state));

        public override ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Turn()
        {
            while (_queue.TryDequeue(out (Action<object?> Callback, object? State) next))
            {
                next.Callback(next.State);
            }
        }
    }
}
