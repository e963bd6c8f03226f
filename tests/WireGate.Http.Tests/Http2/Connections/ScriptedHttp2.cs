using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Http2.Hpack;
using WireGate.Http.Tests.Http2.Hpack;
using WireGate.Testing.Transport;

namespace WireGate.Http.Tests.Http2.Connections;

/// <summary>
/// A connection of the gateway's in memory, and the peer of it, of which a test writes each frame. What comes is told as text: <c>HEADERS 1 END_STREAM
/// :status: 200</c>, <c>DATA 1 hello</c>, <c>RST_STREAM 1 CANCEL</c>, <c>GOAWAY 1 NO_ERROR</c>.
/// </summary>
internal sealed class ScriptedHttp2 : IAsyncDisposable
{
    // After that a test is not slow but stuck.
    private static readonly TimeSpan Hung = TimeSpan.FromSeconds(20);

    private readonly StreamConnection _gateway;
    private readonly StreamConnection _peer;
    private readonly HpackEncoder _encoder = new();
    private readonly HpackDecoder _decoder = new(Peer.Upstream);
    private byte[] _block = [];

    private ScriptedHttp2(Http2Role role, TimeProvider time, Http2Limits limits, Action<Http2Stream>? accept, Action? roomChanged)
    {
        (_gateway, _peer) = MemoryConnection.CreatePair();
        Connection = new Http2Connection(role, _gateway.Loop, _gateway.Input, _gateway.Output, time, limits) { Accept = accept, RoomChanged = roomChanged };
        var ended = new TaskCompletionSource();
        Ended = ended.Task;
        _gateway.Loop.Post(async _ => await RunAsync(ended), null);
    }

    /// <summary>The gateway's end.</summary>
    public Http2Connection Connection { get; }

    /// <summary>The connection's end; what broke it is thrown.</summary>
    public Task Ended { get; }

    /// <summary>A gateway that is asked, and the client of it, which said its preface and SETTINGS.</summary>
    public static async Task<ScriptedHttp2> ServeAsync(Action<Http2Stream> accept, string settings = "", TimeProvider? time = null, Http2Limits? limits = null)
    {
        ScriptedHttp2 scripted = Serve(accept, time, limits);
        await scripted.SendAsync(FrameWriter.Preface.ToArray());
        await scripted.SendAsync(FrameType.SETTINGS, 0, 0, settings);
        await scripted.SendAsync(FrameType.SETTINGS, FrameFlags.ACK, 0);
        return scripted;
    }

    /// <summary>The same, and the client said nothing yet.</summary>
    public static ScriptedHttp2 Serve(Action<Http2Stream> accept, TimeProvider? time = null, Http2Limits? limits = null) =>
        new(Http2Role.Server, time ?? TimeProvider.System, limits ?? Http2Limits.Usual, accept, null);

    /// <summary>A gateway that asks, and the upstream of it, which said SETTINGS.</summary>
    public static async Task<ScriptedHttp2> AskAsync(string settings = "", Action? roomChanged = null, Http2Limits? limits = null)
    {
        var scripted = new ScriptedHttp2(Http2Role.Client, TimeProvider.System, limits ?? Http2Limits.Usual, null, roomChanged);
        byte[] preface = await scripted.ReadAsync(FrameWriter.Preface.Length);
        if (!preface.AsSpan().SequenceEqual(FrameWriter.Preface))
        {
            throw new InvalidDataException("No preface.");
        }

        await scripted.SendAsync(FrameType.SETTINGS, 0, 0, settings);
        await scripted.SendAsync(FrameType.SETTINGS, FrameFlags.ACK, 0);
        return scripted;
    }

    /// <summary>Runs something where streams live.</summary>
    public async Task OnLoopAsync(Func<ValueTask> run)
    {
        var done = new TaskCompletionSource();
        _gateway.Loop.Post(
            async _ =>
            {
                try
                {
                    await run();
                    done.SetResult();
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            null);
        await done.Task.WaitAsync(Hung);
    }

    /// <inheritdoc cref="OnLoopAsync(Func{ValueTask})"/>
    public Task OnLoopAsync(Action run) => OnLoopAsync(() =>
    {
        run();
        return default;
    });

    public async Task SendAsync(byte[] bytes) => await _peer.Output.WriteAsync(bytes).AsTask().WaitAsync(Hung);

    /// <summary>Sends one frame.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="flags">Its flags.</param>
    /// <param name="streamId">Whose it is.</param>
    /// <param name="hex">Its payload.</param>
    public Task SendAsync(FrameType type, FrameFlags flags, int streamId, string hex = "") => SendAsync(Frame(type, flags, streamId, Convert.FromHexString(hex)));

    /// <summary>Sends HEADERS.</summary>
    public Task HeadersAsync(int streamId, string section, bool endStream = true) => SendAsync(Frame(
        FrameType.HEADERS, FrameFlags.END_HEADERS | (endStream ? FrameFlags.END_STREAM : 0), streamId, Block(section)));

    /// <summary>Sends DATA.</summary>
    public Task DataAsync(int streamId, string text, bool endStream = false) =>
        SendAsync(Frame(FrameType.DATA, endStream ? FrameFlags.END_STREAM : 0, streamId, Encoding.Latin1.GetBytes(text)));

    /// <summary>Sends RST_STREAM.</summary>
    public Task ResetAsync(int streamId, ErrorCode code = ErrorCode.CANCEL) => SendAsync(FrameType.RST_STREAM, 0, streamId, $"{(int)code:x8}");

    /// <summary>Sends WINDOW_UPDATE.</summary>
    public Task WindowAsync(int streamId, int increment) => SendAsync(FrameType.WINDOW_UPDATE, 0, streamId, $"{increment:x8}");

    /// <summary>Sends a PING and waits until it is answered: all that was sent before it has been read.</summary>
    /// <returns>What came before the answer.</returns>
    public async Task<IReadOnlyList<string>> SettleAsync()
    {
        await SendAsync(FrameType.PING, 0, 0, "00000000000000aa");
        var before = new List<string>();
        string frame;
        while (!(frame = await NextAsync()).StartsWith("PING ACK 00000000000000aa", StringComparison.Ordinal))
        {
            before.Add(frame);
        }

        return before;
    }

    /// <summary>A frame as it is sent.</summary>
    public static byte[] Frame(FrameType type, FrameFlags flags, int streamId, params byte[] payload)
    {
        byte[] frame = new byte[FrameHead.Size + payload.Length];
        new FrameHead(payload.Length, type, flags, streamId).Write(frame);
        payload.CopyTo(frame, FrameHead.Size);
        return frame;
    }

    /// <summary>A section as it is sent on this connection.</summary>
    public byte[] Block(string section) => Sections.Write(_encoder, section);

    /// <summary>Goes away.</summary>
    public void Abort() => _peer.Abort();

    /// <summary>The next frame that is not about the connection: no SETTINGS, no WINDOW_UPDATE. "closed" behind the last.</summary>
    public async Task<string> NextAsync()
    {
        string frame;
        do
        {
            frame = await NextOfAllAsync();
        }
        while (frame.StartsWith("SETTINGS", StringComparison.Ordinal) || frame.StartsWith("WINDOW_UPDATE", StringComparison.Ordinal));
        return frame;
    }

    /// <summary>The next frame, whatever it is.</summary>
    public async Task<string> NextOfAllAsync()
    {
        byte[] bytes = await ReadAsync(FrameHead.Size);
        if (bytes.Length < FrameHead.Size || !FrameHead.TryRead(new ReadOnlySequence<byte>(bytes), Peer.Upstream, out FrameHead head))
        {
            return "closed";
        }

        return Tell(head, await ReadAsync(head.Length));
    }

    /// <summary>The next frames of a stream's data, as text.</summary>
    public async Task<string> DataAsync(int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            string frame = await NextAsync();
            text.Append(frame.StartsWith("DATA", StringComparison.Ordinal) ? frame[(frame.LastIndexOf(' ') + 1)..] : throw new InvalidDataException(frame));
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await OnLoopAsync(Connection.Close);
        _peer.Abort();
        try
        {
            await Ended.WaitAsync(Hung);
        }
        catch (ProtocolException)
        {
            // What a test was about, or it asked.
        }

        _encoder.Dispose();
        _decoder.Dispose();
    }

    private async Task RunAsync(TaskCompletionSource ended)
    {
        try
        {
            await Connection.RunAsync();
            if (Connection.IsUnread)
            {
                _gateway.Abort();
            }
            else
            {
                await _gateway.DisposeAsync();
            }

            ended.SetResult();
        }
        catch (Exception e)
        {
            await _gateway.DisposeAsync();
            ended.SetException(e);
        }
    }

    private async Task<byte[]> ReadAsync(int count)
    {
        if (count == 0)
        {
            return [];
        }

        ReadResult read = await _peer.Input.ReadAtLeastAsync(count).AsTask().WaitAsync(Hung);
        byte[] bytes = read.Buffer.Slice(0, Math.Min(count, read.Buffer.Length)).ToArray();
        _peer.Input.AdvanceTo(read.Buffer.GetPosition(bytes.Length));
        return bytes;
    }

    private string Tell(FrameHead head, byte[] payload) => head.Type switch
    {
        FrameType.DATA => $"DATA {head.StreamId}{(head.Has(FrameFlags.END_STREAM) ? " END_STREAM" : "")} {Encoding.Latin1.GetString(payload)}",
        FrameType.HEADERS or FrameType.CONTINUATION => TellFields(head, payload),
        FrameType.RST_STREAM => $"RST_STREAM {head.StreamId} {(ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload)}",
        FrameType.SETTINGS => head.Has(FrameFlags.ACK) ? "SETTINGS ACK" : $"SETTINGS {Convert.ToHexStringLower(payload)}",
        FrameType.PING => $"PING{(head.Has(FrameFlags.ACK) ? " ACK" : "")} {Convert.ToHexStringLower(payload)}",
        FrameType.GOAWAY => $"GOAWAY {BinaryPrimitives.ReadInt32BigEndian(payload)} {(ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4))}",
        FrameType.WINDOW_UPDATE => $"WINDOW_UPDATE {head.StreamId} {BinaryPrimitives.ReadInt32BigEndian(payload)}",
        _ => $"{head.Type} {head.StreamId}",
    };

    private string TellFields(FrameHead head, byte[] payload)
    {
        _block = head.Type == FrameType.HEADERS ? payload : [.. _block, .. payload];
        string flags = head.Has(FrameFlags.END_STREAM) ? " END_STREAM" : "";
        return head.Has(FrameFlags.END_HEADERS)
            ? $"{head.Type} {head.StreamId}{flags} {Sections.Read(_decoder, _block).TrimEnd('\n').Replace("\n", "; ", StringComparison.Ordinal)}"
            : $"{head.Type} {head.StreamId}{flags}";
    }
}
