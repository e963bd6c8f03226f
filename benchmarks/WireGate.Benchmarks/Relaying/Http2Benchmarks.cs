using System.Buffers;
using BenchmarkDotNet.Attributes;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;

namespace WireGate.Benchmarks.Relaying;

/// <summary>What a request of HTTP/2 costs before anything is decided: its fields read and written, and the heads of its frames.</summary>
[MemoryDiagnoser]
public class Http2Benchmarks
{
    private readonly HpackEncoder _client = new();
    private readonly HpackEncoder _encoder = new();
    private readonly HpackDecoder _decoder = new(Peer.Client);
    private readonly FieldSection _section = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly byte[] _written = new byte[4096];
    private byte[] _block = [];
    private ReadOnlySequence<byte> _frame;

    [GlobalSetup]
    public void Setup()
    {
        using var request = new FieldSection();
        request.Add(":method"u8, "GET"u8);
        request.Add(":scheme"u8, "https"u8);
        request.Add(":authority"u8, "api.example.com"u8);
        request.Add(":path"u8, "/repos/acme/shop/issues?state=open&page=2"u8);
        request.Add("user-agent"u8, "curl/7.88.1"u8);
        request.Add("accept"u8, "application/json"u8);
        request.Add("authorization"u8, "Bearer wgp_0123456789_0123456789abcdefghijABCDEFGHIJ01000000"u8);
        byte[] block = new byte[HpackEncoder.MostLength(request)];
        _decoder.Decode(block.AsSpan(0, _client.Encode(request, block)), _section);
        _section.Clear();

        // The second time most of it is known.
        _block = block[.._client.Encode(request, block)];
        byte[] head = new byte[FrameHead.Size];
        new FrameHead(16_384, FrameType.DATA, FrameFlags.None, 1).Write(head);
        _frame = new ReadOnlySequence<byte>(head);
    }

    [Benchmark]
    public int Fields_read_checked_and_written()
    {
        _section.Clear();
        _decoder.Decode(_block, _section);
        new MessageRules(Peer.Client, 1).CheckRequest(_section);
        return _encoder.Encode(_section, _written);
    }

    [Benchmark]
    public int Head_of_a_frame_read_and_written()
    {
        _output.ResetWrittenCount();
        FrameHead.TryRead(_frame, Peer.Client, out FrameHead head);
        FrameWriter.WriteDataHead(_output, head.StreamId, head.Length, isLast: false);
        return head.Length;
    }
}
