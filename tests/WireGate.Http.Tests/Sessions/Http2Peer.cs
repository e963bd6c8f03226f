using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;
using WireGate.Http.Tests.Http2.Hpack;

namespace WireGate.Http.Tests.Sessions;

/// <summary>A client of HTTP/2 of which a test writes each frame. Latin-1. What comes on several streams is sorted by them.</summary>
internal sealed class Http2Peer : IDisposable
{
    // After that a test is not slow but stuck.
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    private readonly Stream _stream;
    private readonly HpackEncoder _encoder = new();
    private readonly HpackDecoder _decoder = new(Peer.Upstream);
    private readonly Dictionary<int, Http2Answer> _answers = [];
    private byte[] _received = [];
    private int _last = -1;
    private int _pongs;

    private Http2Peer(Stream stream) => _stream = stream;

    /// <summary>What GOAWAY said last; null: none came.</summary>
    public (int Last, ErrorCode Code)? GoAway { get; private set; }

    /// <summary>The gateway's SETTINGS came, and were acknowledged.</summary>
    public bool HasSettings { get; private set; }

    /// <summary>Octets of DATA are acknowledged as they come.</summary>
    public bool GivesWindow { get; set; } = true;

    public static async Task<Http2Peer> ConnectAsync(EndPoint address, params (SettingId, uint)[] settings)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        return await BeginAsync(new NetworkStream(socket, ownsSocket: true), settings);
    }

    /// <summary>Begins on a connection that stands.</summary>
    /// <param name="stream">Owned.</param>
    /// <param name="settings">What it says first.</param>
    public static async Task<Http2Peer> BeginAsync(Stream stream, params (SettingId, uint)[] settings)
    {
        var peer = new Http2Peer(stream);
        await peer.WriteAsync(output =>
        {
            output.Write(FrameWriter.Preface);
            FrameWriter.WriteSettings(output, settings);
        });
        return peer;
    }

    /// <summary>Asks for something on the next stream.</summary>
    /// <param name="fields">A field a line, pseudo-header fields first.</param>
    /// <param name="body">Null: there is none. Else all of it, or the beginning.</param>
    /// <param name="isWhole">That was all.</param>
    /// <returns>The stream.</returns>
    public async Task<int> AskAsync(string fields, string? body = null, bool isWhole = true)
    {
        int stream = _last += 2;
        byte[] block = Sections.Write(_encoder, fields);
        await WriteAsync(output => FrameWriter.WriteFields(output, stream, block, body is null && isWhole, FrameHead.UsualPayload));
        if (body is not null)
        {
            await SendAsync(stream, body, isWhole);
        }

        return stream;
    }

    public async Task SendAsync(int stream, string data, bool isLast) => await WriteAsync(output =>
    {
        byte[] bytes = Encoding.Latin1.GetBytes(data);
        int at = 0;
        do
        {
            int length = Math.Min(FrameHead.UsualPayload, bytes.Length - at);
            FrameWriter.WriteDataHead(output, stream, length, isLast && at + length == bytes.Length);
            output.Write(bytes.AsSpan(at, length));
            at += length;
        }
        while (at < bytes.Length);
    });

    /// <summary>Ends a request with trailers: a field a line.</summary>
    public Task TrailersAsync(int stream, string fields)
    {
        byte[] block = Sections.Write(_encoder, fields);
        return WriteAsync(output => FrameWriter.WriteFields(output, stream, block, isLast: true, FrameHead.UsualPayload));
    }

    /// <summary>Sends nothing more.</summary>
    public Task FinishAsync()
    {
        if (_stream is SslStream secure)
        {
            return secure.ShutdownAsync().WaitAsync(Hung);
        }

        ((NetworkStream)_stream).Socket.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }

    public Task ResetAsync(int stream, ErrorCode code = ErrorCode.CANCEL) => WriteAsync(output => FrameWriter.WriteReset(output, stream, code));

    public Task WriteAsync(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return _stream.WriteAsync(output.WrittenMemory).AsTask().WaitAsync(Hung);
    }

    /// <summary>What is answered on a stream, up to its end.</summary>
    public Task<Http2Answer> AnswerAsync(int stream) => AnswerAsync(stream, a => a.IsOver);

    /// <summary>What is answered on a stream, so far that something is true of it.</summary>
    public async Task<Http2Answer> AnswerAsync(int stream, Func<Http2Answer, bool> until)
    {
        while (!until(Of(stream)))
        {
            if (!await ReadFrameAsync())
            {
                throw new EndOfStreamException($"closed; on stream {stream}: {Of(stream).Head}{Of(stream).Body} (GOAWAY {GoAway})");
            }
        }

        return Of(stream);
    }

    /// <summary>Reads on until something is true.</summary>
    public async Task ReadUntilAsync(Func<bool> until)
    {
        while (!until())
        {
            if (!await ReadFrameAsync())
            {
                throw new EndOfStreamException("closed");
            }
        }
    }

    /// <summary>Waits until all is read that was sent.</summary>
    public async Task SettleAsync()
    {
        int before = _pongs;
        await WriteAsync(output => FrameWriter.WritePing(output, 1, isAck: false));
        await ReadUntilAsync(() => _pongs > before);
    }

    /// <summary>Reads until the gateway closes.</summary>
    public async Task ReadToEndAsync()
    {
        try
        {
            while (await ReadFrameAsync())
            {
            }
        }
        catch (IOException)
        {
            // Reset, which is an end as well.
        }
    }

    public void Dispose()
    {
        _stream.Dispose();
        _encoder.Dispose();
        _decoder.Dispose();
    }

    private Http2Answer Of(int stream) => _answers.TryGetValue(stream, out Http2Answer? answer) ? answer : _answers[stream] = new Http2Answer();

    private async Task<bool> ReadFrameAsync()
    {
        FrameHead head;
        while (!FrameHead.TryRead(new ReadOnlySequence<byte>(_received), Peer.Upstream, out head) || _received.Length < FrameHead.Size + head.Length)
        {
            byte[] block = new byte[64 * 1024];
            int count = await _stream.ReadAsync(block).AsTask().WaitAsync(Hung);
            if (count == 0)
            {
                return false;
            }

            _received = [.. _received, .. block[..count]];
        }

        byte[] payload = _received[FrameHead.Size..(FrameHead.Size + head.Length)];
        _received = _received[(FrameHead.Size + head.Length)..];
        await TakeAsync(head, payload);
        return true;
    }

    private async Task TakeAsync(FrameHead head, byte[] payload)
    {
        switch (head.Type)
        {
            case FrameType.SETTINGS when !head.Has(FrameFlags.ACK):
                await WriteAsync(FrameWriter.WriteSettingsAck);
                HasSettings = true;
                break;
            case FrameType.HEADERS:
                Of(head.StreamId).Heads.Add(Sections.Read(_decoder, payload));
                Of(head.StreamId).IsWhole |= head.Has(FrameFlags.END_STREAM);
                break;
            case FrameType.DATA:
                Of(head.StreamId).Body += Encoding.Latin1.GetString(payload);
                Of(head.StreamId).IsWhole |= head.Has(FrameFlags.END_STREAM);
                if (GivesWindow && payload.Length > 0)
                {
                    await WriteAsync(output =>
                    {
                        FrameWriter.WriteWindowUpdate(output, 0, payload.Length);
                        FrameWriter.WriteWindowUpdate(output, head.StreamId, payload.Length);
                    });
                }

                break;
            case FrameType.PING when head.Has(FrameFlags.ACK):
                _pongs++;
                break;
            case FrameType.PING:
                await WriteAsync(output => FrameWriter.WritePing(output, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(payload), isAck: true));
                break;
            case FrameType.RST_STREAM:
                Of(head.StreamId).Reset = (ErrorCode)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
            case FrameType.GOAWAY:
                GoAway = (System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(payload), (ErrorCode)System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
                break;
            default:
                break;
        }
    }
}

/// <summary>What came on a stream.</summary>
internal sealed class Http2Answer
{
    /// <summary>Heads and trailers, in their order: a field a line.</summary>
    public List<string> Heads { get; } = [];

    /// <summary>The first of them.</summary>
    public string Head => Heads.FirstOrDefault() ?? "";

    public string Body { get; set; } = "";

    /// <summary>It ended as it should.</summary>
    public bool IsWhole { get; set; }

    /// <summary>It was cut; null: it was not.</summary>
    public ErrorCode? Reset { get; set; }

    public bool IsOver => IsWhole || Reset is not null;
}
