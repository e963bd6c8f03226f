using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;
using WireGate.Http.Tests.Http2.Hpack;

namespace WireGate.Http.Tests.Sessions;

/// <summary>An upstream of HTTP/2, without TLS, of which a test writes each frame. Latin-1. What comes on several streams is sorted by them.</summary>
internal sealed class Http2UpstreamPeer : IDisposable
{
    // After that a test is not slow but stuck.
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(30);

    private readonly NetworkStream _stream;
    private readonly HpackEncoder _encoder = new();
    private readonly HpackDecoder _decoder = new(Peer.Client);
    private readonly Dictionary<int, Http2Request> _requests = [];
    private byte[] _received = [];

    private Http2UpstreamPeer(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    /// <summary>What GOAWAY said last; null: none came.</summary>
    public (int Last, ErrorCode Code)? GoAway { get; private set; }

    /// <summary>Pings that came, and were answered if that is wanted.</summary>
    public int Pings { get; private set; }

    public bool AnswersPings { get; set; } = true;

    /// <summary>Octets of DATA are acknowledged as they come.</summary>
    public bool GivesWindow { get; set; } = true;

    /// <summary>Streams of which something came.</summary>
    public int Streams => _requests.Keys.Count(s => s != 0);

    public static async Task<Http2UpstreamPeer> AcceptAsync(Socket socket, params (SettingId, uint)[] settings)
    {
        var peer = new Http2UpstreamPeer(socket);
        await peer.FillAsync(FrameWriter.Preface.Length);
        if (!peer._received.AsSpan(0, FrameWriter.Preface.Length).SequenceEqual(FrameWriter.Preface))
        {
            throw new InvalidDataException("No preface: " + Encoding.Latin1.GetString(peer._received));
        }

        peer._received = peer._received[FrameWriter.Preface.Length..];
        await peer.WriteAsync(output => FrameWriter.WriteSettings(output, settings));
        return peer;
    }

    /// <summary>A request on some stream, so far that its head is there.</summary>
    public Task<Http2Request> RequestAsync(int stream) => RequestAsync(stream, r => r.Heads.Count > 0);

    /// <summary>A request on some stream, so far that something is true of it.</summary>
    public async Task<Http2Request> RequestAsync(int stream, Func<Http2Request, bool> until)
    {
        await ReadUntilAsync(() => until(Of(stream)), () => $"on stream {stream}: {string.Join("|", Of(stream).Heads)}{Of(stream).Body} {Of(stream).Reset}");
        return Of(stream);
    }

    /// <summary>Reads on until something is true.</summary>
    public async Task ReadUntilAsync(Func<bool> until, Func<string>? state = null)
    {
        while (!until())
        {
            if (!await ReadFrameAsync())
            {
                throw new EndOfStreamException($"closed {state?.Invoke()}");
            }
        }
    }

    /// <summary>Reads what has come.</summary>
    public async Task ReadAvailableAsync()
    {
        while (_stream.DataAvailable && await ReadFrameAsync())
        {
        }
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

    /// <summary>Sends a head, or trailers: a field a line.</summary>
    public Task HeadersAsync(int stream, string fields, bool isLast = false)
    {
        byte[] block = Sections.Write(_encoder, fields);
        return WriteAsync(output => FrameWriter.WriteFields(output, stream, block, isLast, FrameHead.UsualPayload));
    }

    public Task DataAsync(int stream, string data, bool isLast = false) => WriteAsync(output =>
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

    /// <summary>Answers whole.</summary>
    public async Task AnswerAsync(int stream, string fields, string body)
    {
        await HeadersAsync(stream, fields);
        await DataAsync(stream, body, isLast: true);
    }

    public Task ResetAsync(int stream, ErrorCode code) => WriteAsync(output => FrameWriter.WriteReset(output, stream, code));

    public Task GoAwayAsync(int last, ErrorCode code = ErrorCode.NO_ERROR) => WriteAsync(output => FrameWriter.WriteGoAway(output, last, code));

    public Task WriteAsync(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return _stream.WriteAsync(output.WrittenMemory).AsTask().WaitAsync(Hung);
    }

    public void Dispose()
    {
        _stream.Dispose();
        _encoder.Dispose();
        _decoder.Dispose();
    }

    private Http2Request Of(int stream) => _requests.TryGetValue(stream, out Http2Request? request) ? request : _requests[stream] = new Http2Request();

    private async Task FillAsync(int count)
    {
        while (_received.Length < count)
        {
            if (!await MoreAsync())
            {
                throw new EndOfStreamException("closed behind: " + Encoding.Latin1.GetString(_received));
            }
        }
    }

    private async Task<bool> MoreAsync()
    {
        byte[] block = new byte[64 * 1024];
        int count = await _stream.ReadAsync(block).AsTask().WaitAsync(Hung);
        _received = [.. _received, .. block[..count]];
        return count > 0;
    }

    private async Task<bool> ReadFrameAsync()
    {
        FrameHead head;
        while (!FrameHead.TryRead(new ReadOnlySequence<byte>(_received), Peer.Client, out head) || _received.Length < FrameHead.Size + head.Length)
        {
            if (!await MoreAsync())
            {
                return false;
            }
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
                break;
            case FrameType.PING when !head.Has(FrameFlags.ACK):
                Pings++;
                if (AnswersPings)
                {
                    await WriteAsync(output => FrameWriter.WritePing(output, BinaryPrimitives.ReadUInt64BigEndian(payload), isAck: true));
                }

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
            case FrameType.RST_STREAM:
                Of(head.StreamId).Reset = (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);
                break;
            case FrameType.GOAWAY:
                GoAway = (BinaryPrimitives.ReadInt32BigEndian(payload), (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
                break;
            case FrameType.WINDOW_UPDATE:
                Of(head.StreamId).Window += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            default:
                break;
        }
    }
}

/// <summary>What came on a stream.</summary>
internal sealed class Http2Request
{
    /// <summary>The head, and trailers: a field a line.</summary>
    public List<string> Heads { get; } = [];

    public string Head => Heads.FirstOrDefault() ?? "";

    public string Body { get; set; } = "";

    /// <summary>It ended as it should.</summary>
    public bool IsWhole { get; set; }

    /// <summary>It was cut; null: it was not.</summary>
    public ErrorCode? Reset { get; set; }

    /// <summary>By how much the gateway let its window grow.</summary>
    public long Window { get; set; }
}
